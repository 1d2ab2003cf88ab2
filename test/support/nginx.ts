import { join } from 'node:path'
import type { ProxyKind } from './proxy-program.ts'

/** The nginx of the system. */
export const nginx: ProxyKind = {
  program: '/usr/sbin/nginx',
  file: 'nginx.conf',
  replaced: ({ name, port, gatewayPort, certificate, key }) => [
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['  listen [::]:443 ssl;\n', ''],
    ['/etc/ssl/certs/gateway.example.pem', certificate],
    ['/etc/ssl/private/gateway.example.key', key],
    ['server_name gateway.example;', `server_name ${name};`],
    ['http://127.0.0.1:8642/', `http://127.0.0.1:${gatewayPort}/`],
  ],
  configuration: (site, { folder }) => {
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(each => `${each}_temp_path ${join(folder, each)};`).join('\n')
    const user = process.getuid?.() === 0 ? 'user root;\n' : ''
    const own = `${user}daemon off;\npid ${join(folder, 'pid')};\nerror_log stderr warn;\nevents {}\n`
    return `${own}http {\naccess_log off;\n${folders}\n${site}}\n`
  },
  args: (configuration, { folder }) => ['-e', 'stderr', '-p', folder, '-c', configuration],
}
