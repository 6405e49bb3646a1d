# The model server with the example models. Build: docker build -t localhost/berth-server:0.1.0 .
ARG BASE=docker.io/library/node:26.10.0-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY core/package.json core/
COPY chassis/package.json chassis/
COPY serving/package.json serving/
COPY cli/package.json cli/
RUN npm ci

# Of the base image only Node and the libraries that it and ONNX Runtime link to go on: no shell, no package manager,
# nothing setuid, nearly a third of the size less. dpkg's database still lists the libraries: scanners look there.
RUN set -eu; \
  onnxruntime=node_modules/onnxruntime-node; \
  native=$onnxruntime/bin/napi-v6/linux/$(node -p process.arch); \
  mkdir -p /out/app /out/licenses /out/var/lib/dpkg; \
  cp --parents -R $native $onnxruntime/dist $onnxruntime/package.json node_modules/onnxruntime-common /out/app; \
  ldd /usr/local/bin/node $native/* | grep -o '\s/lib\S*' | sort -u | xargs cp -L --parents -t /out; \
  dpkg --status libc6 libgcc-s1 libstdc++6 libatomic1 >/out/var/lib/dpkg/status; \
  cp /usr/share/doc/libc6/copyright /out/licenses/libc6; \
  cp /usr/share/doc/gcc-*-base/copyright /out/licenses/gcc; \
  cp /usr/local/LICENSE /out/licenses/node; \
  cp node_modules/yaml/LICENSE /out/licenses/yaml

RUN set -eu; \
  mkdir -p /out/etc/berth/keys; \
  mkdir -m 1777 /out/tmp; \
  cp -L /etc/os-release /out/etc; \
  echo 'berth:x:65532:65532::/:/none' >/out/etc/passwd; \
  echo 'berth:x:65532:' >/out/etc/group; \
  echo '# Mount a file over this one: docs/reference/configuration.md lists what it may say.' >/out/etc/berth/config.yaml

COPY . .
RUN npm run build && npm run silero

FROM scratch
COPY --from=build /usr/local/bin/node /usr/local/bin/
COPY --from=build /out/ /
COPY --from=build /src/examples/models/ /models/
COPY --from=build /src/dist/ /app/
COPY licenses/onnxruntime/ /licenses/onnxruntime/

ENV PATH=/usr/local/bin \
  NODE_ENV=production \
  BERTH_HOST=0.0.0.0 \
  BERTH_MODELS=/models \
  BERTH_CONFIG=/etc/berth/config.yaml \
  BERTH_KEYS=/etc/berth/keys
WORKDIR /app
USER 65532:65532
EXPOSE 8000 8002
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "--eval", "\
  fetch('http://127.0.0.1:' + (process.env.BERTH_METRICS_PORT ?? 8002) + '/readyz')\
    .then((answer) => process.exit(answer.ok ? 0 : 1))"]
# The young generation of V8's heap would grow to 32 MiB; at 4 the server answers as many requests with less memory.
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/berth.js"]
CMD ["serve"]

ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="berth-server" \
  org.opencontainers.image.description="Berth's model server with its example models" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
