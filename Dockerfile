# The server alone: REST and the panel's page for other machines. See docs/api.md, "For other machines".
FROM node:24-bookworm-slim AS panel
WORKDIR /foley
COPY package.json package-lock.json .npmrc ./
COPY panel/package.json panel/
COPY host/package.json host/
COPY local-server/package.json local-server/
RUN npm ci --omit=optional
COPY panel/ panel/
COPY local-server/protocol/ local-server/protocol/
RUN node node_modules/vite/bin/vite.js build --config panel/vite.config.ts

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /foley
COPY package.json package-lock.json .npmrc ./
COPY panel/package.json panel/
COPY host/package.json host/
COPY local-server/package.json local-server/
RUN npm ci --omit=dev --omit=optional --workspace local-server && npm cache clean --force
COPY LICENSE NOTICE ./
COPY models/ models/
COPY local-server/ local-server/
COPY --from=panel /foley/panel/dist/ panel/dist/
ENV FOLEY_DATA=/data NODE_ENV=production
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 8080
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-warning=ExperimentalWarning", "local-server/src/main.ts", "serve", "--host", "0.0.0.0", "--port", "8080", "--keys", "/run/secrets/foley-keys"]
