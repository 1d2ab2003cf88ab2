import type { ProxyKind } from './proxy-program.ts'

/** The Caddy of the system, which gets no certificate by itself here, and listens on nothing but the port of the gateway. */
export const caddy: ProxyKind = {
  program: '/usr/bin/caddy',
  file: 'Caddyfile',
  replaced: ({ name, port, gatewayPort, certificate, key }) => [
    ['\ngateway.example {\n', `\n${name}:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}\n`],
    ['127.0.0.1:8642', `127.0.0.1:${gatewayPort}`],
  ],
  configuration: (site, { folder }) =>
    `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tstorage file_system ${folder}/storage\n}\n${site}`,
  args: configuration => ['run', '--adapter', 'caddyfile', '--config', configuration],
}
