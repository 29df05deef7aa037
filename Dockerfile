# One file for the image of every part of the platform: user, event, search, booking, payment, operator.
#   docker build --build-arg SERVICE=booking --tag evently/booking:0.1.0 .
#   docker run evently/booking:0.1.0                                     serves (services/booking/src/main.ts)
#   docker run evently/booking:0.1.0 services/booking/src/main.ts migrate    brings its database to the newest schema
# Node runs the TypeScript as it is, so there is no build of it. The base is an argument: a mirror's name or a digest can
# stand there; it has to bring Node 26 and, for the build alone, npm.
ARG BASE=node:26-slim

# Manifests by themselves, so that the packages below are installed anew only when what is depended on changes.
FROM ${BASE} AS manifests
COPY . /source
RUN sh /source/scripts/assemble-image.sh manifests /source /app

FROM ${BASE} AS assembled
ARG SERVICE
COPY --from=manifests /app /app
RUN --mount=type=cache,target=/root/.npm sh /app/scripts/assemble-image.sh packages /app "${SERVICE}"
COPY . /source
RUN sh /source/scripts/assemble-image.sh sources /source /app "${SERVICE}" \
 && mkdir /app/.compiled && chown 65532:65532 /app/.compiled
# Everything is loaded once, as the user of the image, without its settings: what does not load ends the build. What V8
# compiled meanwhile is kept, which halves the time until a pod serves; it is read again by this user's number and with
# these flags of V8 only, those of the entrypoint.
WORKDIR /app
USER 65532:65532
RUN NODE_COMPILE_CACHE=/app/.compiled node --max-semi-space-size=32 --min-semi-space-size=32 --heap-growing-percent=30 --no-allocation-site-pretenuring main.ts config > /tmp/said 2>&1 \
  || grep -q '^The configuration has' /tmp/said || { cat /tmp/said >&2; exit 1; }
USER 0:0
RUN chown -R 0:0 /app/.compiled && chmod -R a+rX /app/.compiled

# The base without whatever installs: npm, and the system's own packages' tools. The list of what is installed stays,
# because scanners for vulnerabilities read it. No program may give rights to who starts it.
FROM ${BASE} AS bare
RUN echo 'evently:x:65532:65532:evently:/app:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'evently:x:65532:' >> /etc/group \
 && rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share/man /opt/yarn* /root/.npm \
      /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
      /usr/local/bin/pnpm /usr/local/bin/pnpx \
      /usr/bin/apt /usr/bin/apt-* /usr/lib/apt /etc/apt /var/lib/apt /var/cache/apt /var/cache/debconf \
      /usr/bin/dpkg /usr/bin/dpkg-* /usr/bin/debconf* /tmp/* \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

# Copied as one layer: what was removed above is not in it, and every service's image shares it.
FROM scratch AS image
COPY --from=bare / /
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production NODE_COMPILE_CACHE=/app/.compiled
WORKDIR /app
COPY --from=assembled /app /app
USER 65532:65532
ARG SERVICE
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="evently/${SERVICE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# The flags of `make start`.
ENTRYPOINT ["node", "--max-semi-space-size=32", "--min-semi-space-size=32", "--heap-growing-percent=30", "--no-allocation-site-pretenuring"]

# For `skaffold dev`: files are copied into the running container (tar is there, the folder is the user's own), and
# Node starts anew when one of them changes. Its root cannot be read-only.
FROM image AS dev
USER 0:0
RUN chown -R 65532:65532 /app
USER 65532:65532
CMD ["--watch", "--watch-preserve-output", "main.ts"]

FROM image AS runtime
# A link to the src/main.ts of the service.
CMD ["main.ts"]
