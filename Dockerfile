# The command `talkgauge` as an image: the simulated call centre by default; any other command is an argument, such as `gateway`.
# docs/stack.md, "Use the image alone", has an example of each.
#   docker build -t talkgauge . && docker run --rm -p 127.0.0.1:9464:9464 talkgauge
# Debian rather than Alpine: the SDK's native packages are built for glibc.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS sources
WORKDIR /app
COPY package.json package-lock.json ./

FROM sources AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json esbuild.config.mjs ./
COPY src ./src
RUN npm run build && chmod 755 dist/cli.js

FROM sources AS packages
# The SDK is a peer of the library, which the simulation needs. Because it is a development dependency too, npm would
# leave it out with those; without that list, peers stay.
RUN npm pkg delete devDependencies && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="talkgauge" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A volume that is mounted on one of these takes over its owner and mode. Group 0 may write: OpenShift runs images as an
# arbitrary user of that group.
RUN ln -s /app/dist/cli.js /usr/local/bin/talkgauge && install -d -o 1000 -g 0 -m 770 /data /keys
# Every interface of the container, because a published port arrives at none of the others; whoever runs it says who reaches
# the port. With --network host, set both hosts to 127.0.0.1. Readers of the gateway need a token, which it draws at its first
# start.
ENV NODE_ENV=production \
  TALKGAUGE_HOST=0.0.0.0 \
  TALKGAUGE_GATEWAY_HOST=0.0.0.0 \
  TALKGAUGE_GATEWAY_DATA=/data \
  TALKGAUGE_GATEWAY_GENERATE_TOKEN=true \
  TALKGAUGE_GATEWAY_KEYS=/run/secrets/api-keys.yml
USER 1000:1000
EXPOSE 9464 9465
# It asks the server of the command that runs, on the port and with the scheme that this has.
HEALTHCHECK --interval=15s --timeout=10s --retries=5 --start-period=60s CMD ["talkgauge", "healthcheck"]
ENTRYPOINT ["talkgauge"]
CMD ["simulate"]
