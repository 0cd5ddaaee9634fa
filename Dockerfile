# Two images from one build:
#   docker build -t remote-mcp-proxy .                      the executable alone: servers of npx, bunx, node and bun
#   docker build -t remote-mcp-proxy:full --target full .   with node, npx, uv, python and git, for all other servers
#   docker run -p 8080:8080 --read-only -v ./config.json:/config/config.json:ro -v proxy-data:/data -v proxy-logs:/logs remote-mcp-proxy
# test/system/image.test.ts reads this file and does what it says.
FROM node:22-bookworm-slim AS build
WORKDIR /build
# The dependencies first, so that a change of the source does not fetch them again.
COPY package.json package-lock.json ./
COPY scripts/setup.mjs scripts/setup.mjs
RUN node scripts/setup.mjs prod
COPY scripts scripts
COPY src src
COPY tsconfig.json ./
RUN npm run build && mkdir /empty

FROM node:22-bookworm-slim AS full
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /uvx /usr/local/bin/
COPY --from=build /build/dist/remote-mcp-proxy /usr/local/bin/remote-mcp-proxy
COPY --from=build --chown=65532:65532 /empty /data
COPY --from=build --chown=65532:65532 /empty /logs
# npx and uvx keep what they download in the home folder, and the root is read-only.
ENV HOST=0.0.0.0 DATA_DIR=/data LOG_DIR=/logs HOME=/data/home
VOLUME ["/data", "/logs"]
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/remote-mcp-proxy", "health"]
ENTRYPOINT ["/usr/local/bin/remote-mcp-proxy"]

# The last stage is the one that is built when none is named.
FROM gcr.io/distroless/base-debian12:nonroot AS distroless
COPY --from=build /build/dist/remote-mcp-proxy /usr/local/bin/remote-mcp-proxy
# A volume takes its owner from the folder in the image.
COPY --from=build --chown=65532:65532 /empty /data
COPY --from=build --chown=65532:65532 /empty /logs
ENV HOST=0.0.0.0 DATA_DIR=/data LOG_DIR=/logs
VOLUME ["/data", "/logs"]
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/local/bin/remote-mcp-proxy", "health"]
ENTRYPOINT ["/usr/local/bin/remote-mcp-proxy"]
