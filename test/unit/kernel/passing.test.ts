import { describe, expect, test } from "bun:test";
import { PassingList, PassingMap } from "../../../src/kernel/passing.ts";

interface Member {
  readonly name: string;
}

describe("a list of members that come and go", () => {
  test("has them in the order in which they came", () => {
    const list = new PassingList<Member>();
    const places = ["a", "b", "c", "d"].map((name) => list.add({ name }));
    const [first, second, , last] = places;
    if (first === undefined || second === undefined || last === undefined) throw new Error("none");
    expect([first, last].map((place) => list.remove(place))).toEqual([true, true]);
    list.add({ name: "e" });
    expect(list.values().map(({ name }) => name)).toEqual(["b", "c", "e"]);
    expect(list.size).toBe(3);
  });

  test("lets go of a member once", () => {
    const list = new PassingList<Member>();
    const place = list.add({ name: "a" });
    list.add({ name: "b" });
    expect([list.remove(place), list.remove(place)]).toEqual([true, false]);
    expect(list.values()).toEqual([{ name: "b" }]);
  });

  test("keeps nothing of who has left", () => {
    const list = new PassingList<Member>();
    const places = [list.add({ name: "a" }), list.add({ name: "b" }), list.add({ name: "c" })];
    for (const place of places) list.remove(place);
    // What the collector would follow from a member that it counts as old.
    expect(places.flatMap((place) => Object.values(place)).filter(Boolean)).toEqual([]);
  });
});

describe("a map of members that come and go", () => {
  test.each([
    ["numbers", 300, (n: number) => n],
    ["texts", 300, (n: number) => `n${n}`],
    ["keys of one bucket", 300, (n: number) => n * 4096],
    ["few, now and then none", 3, (n: number) => `n${n}`],
    ["sometimes few, sometimes many", 9, (n: number) => n],
  ] as const)("is as a Map is, with %s", (_name, most, keyOf) => {
    const map = new PassingMap<string | number, Member>();
    const model = new Map<string | number, Member>();
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 5_000; round++) {
      const key = keyOf(next(most));
      if (model.has(key)) {
        expect(map.get(key)).toBe(model.get(key));
        expect(map.delete(key)).toBe(model.delete(key));
      } else if (next(3) > 0) {
        const member = { name: String(key) };
        map.set(key, member);
        model.set(key, member);
      } else {
        expect([map.has(key), map.get(key), map.delete(key)]).toEqual([false, undefined, false]);
      }
      expect(map.size).toBe(model.size);
    }
    expect(map.values()).toEqual([...model.values()]);
  });
});
