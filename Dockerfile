# The command `earshot` as an image: the simulated call centre, unless told otherwise, such as `gateway`.
#   docker build -t earshot . && docker run --rm -p 127.0.0.1:9464:9464 earshot
# Debian rather than Alpine: the SDK's native packages are built for glibc.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS sources
WORKDIR /app
COPY package.json package-lock.json ./

FROM sources AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && chmod 755 dist/cli/main.js

FROM sources AS packages
# The SDK is a peer of the library, which the simulation needs. Because it is a development dependency too, npm would
# leave it out with those; without that list, peers stay.
RUN npm pkg delete devDependencies && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="earshot" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A volume that is mounted on one of these takes over whose it is.
RUN ln -s /app/dist/cli/main.js /usr/local/bin/earshot && install -d -o 1000 -g 1000 -m 700 /data /keys
# Every interface of the container; which of them others reach is for whoever runs it to say.
ENV NODE_ENV=production EARSHOT_HOST=0.0.0.0
USER 1000:1000
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --retries=5 --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.EARSHOT_PORT ?? 9464}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["earshot"]
CMD ["simulate"]
