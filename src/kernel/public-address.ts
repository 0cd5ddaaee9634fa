/**
 * Pure. Addresses of the public internet: those that anybody can reach, and that nobody's own network
 * uses.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */

/** Networks of IPv4 that are not public: first address and length of the prefix. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Of IPv6 only this is given out to the public … */
const GLOBAL_IPV6 = ["2000::", 3] as const;
/** … but for these: protocol assignments with Teredo, examples, 6to4, examples. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** True for an IP address of the public internet; false for any other and for what is no address. */
export function isPublicAddress(address: string): boolean {
  const v4 = ipv4Bits(address);
  if (v4 !== undefined) return !isWithin(v4, SPECIAL_IPV4, ipv4Bits, 32);
  const v6 = ipv6Bits(address);
  if (v6 === undefined) return false;
  return isWithin(v6, [GLOBAL_IPV6], ipv6Bits, 128) && !isWithin(v6, SPECIAL_IPV6, ipv6Bits, 128);
}

function isWithin(
  bits: bigint,
  networks: readonly (readonly [string, number])[],
  parse: (text: string) => bigint | undefined,
  size: number,
): boolean {
  return networks.some(([first, length]) => {
    const shift = BigInt(size - length);
    return bits >> shift === (parse(first) ?? 0n) >> shift;
  });
}

function ipv4Bits(text: string): bigint | undefined {
  const parts = IPV4.exec(text)?.slice(1);
  // A leading zero may mean octal to somebody else: such a text is no address.
  if (parts === undefined || parts.some((part) => Number(part) > 255 || /^0\d/.test(part)))
    return undefined;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function ipv6Bits(text: string): bigint | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const v4 = ipv4Bits(dotted[2] ?? "");
    if (v4 === undefined) return undefined;
    return ipv6Bits(`${dotted[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
