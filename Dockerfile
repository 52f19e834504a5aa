# squall as a drop-in for Toxiproxy's image: the same entrypoint, arguments and port.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY . .
# On Alpine the binary is linked statically against musl.
RUN cargo build --locked --release --package squall-cli \
    && mkdir /out \
    && cp target/release/squall /out/squall \
    && strip /out/squall \
    && ln -s squall /out/toxiproxy \
    && ln -s squall /out/toxiproxy-cli

FROM scratch
COPY --from=build /out/ /
EXPOSE 8474
ENV LOG_LEVEL=info
# Asks as any client does; with SQUALL_AUTH_TOKEN set it sends that.
HEALTHCHECK --interval=10s --timeout=3s --start-period=1s CMD ["/toxiproxy-cli", "list"]
# Under this name the binary is `squall serve`.
ENTRYPOINT ["/toxiproxy"]
CMD ["-host=0.0.0.0"]
