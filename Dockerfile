# The executable on an image that holds nothing but libc, certificates and time zones.
#   docker build -t remote-mcp-proxy .
#   docker run -p 8080:8080 -v ./config.json:/config/config.json:ro -v proxy-data:/data remote-mcp-proxy
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

FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /build/dist/remote-mcp-proxy /usr/local/bin/remote-mcp-proxy
# A volume takes its owner from the folder in the image.
COPY --from=build --chown=nonroot:nonroot /empty /data
COPY --from=build --chown=nonroot:nonroot /empty /logs
ENV HOST=0.0.0.0 DATA_DIR=/data LOG_DIR=/logs
VOLUME ["/data", "/logs"]
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/remote-mcp-proxy"]
