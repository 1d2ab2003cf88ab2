import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { testIdentity } from './certificates.ts'
import { tcpServer } from './tcp-server.ts'

const program = '/usr/sbin/nginx'
const ours = readFileSync(resolve(import.meta.dirname, '../../server/operations/nginx.conf'), 'utf8')

/** The nginx of the system with the file of operations as it is, but for ports, the certificate and the name of the host. */
export interface Nginx extends AsyncDisposable {
  readonly port: number
}

/**
 * Starts it on a free port of loopback before a gateway. `name`: of the host that browsers know. `gatewayOf`: given the port of nginx, which the
 * gateway has to know, gives its own.
 */
export async function startNginx(name: string, gatewayOf: (port: number) => Promise<number>): Promise<Nginx> {
  if (!existsSync(program)) throw new Error(`there is no ${program}: install nginx, as npm test does where it may`)
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'))
  const port = await freePort()
  const gatewayPort = await gatewayOf(port)
  const { certificatePem, keyPem } = testIdentity('reverse proxy')
  await writeFile(join(folder, 'page.pem'), certificatePem)
  await writeFile(join(folder, 'page.key'), keyPem)
  const replaced: readonly (readonly [string, string])[] = [
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['  listen [::]:443 ssl;\n', ''],
    ['/etc/ssl/certs/gateway.example.pem', join(folder, 'page.pem')],
    ['/etc/ssl/private/gateway.example.key', join(folder, 'page.key')],
    ['server_name gateway.example;', `server_name ${name};`],
    ['http://127.0.0.1:8642/', `http://127.0.0.1:${gatewayPort}/`],
  ]
  const site = replaced.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`operations/nginx.conf has no ${from}`)
    return text.replaceAll(from, to)
  }, ours)
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(each => `${each}_temp_path ${join(folder, each)};`).join('\n')
  const own = `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;\npid ${join(folder, 'pid')};\nerror_log stderr warn;\nevents {}\n`
  await writeFile(join(folder, 'nginx.conf'), `${own}http {\naccess_log off;\n${folders}\n${site}}\n`)
  const child = spawn(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const exited = once(child, 'exit')
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true })
  }
  try {
    let isThere = await answers(port)
    for (let i = 0; i < 100_000 && !isThere && child.exitCode === null; i++) isThere = await answers(port)
    if (!isThere) throw new Error(`nginx is not there: ${said}`)
  } catch (why) {
    await end()
    throw why
  }
  return { port, [Symbol.asyncDispose]: end }
}

async function freePort(): Promise<number> {
  await using server = await tcpServer(() => undefined)
  return server.port
}

function answers(port: number): Promise<boolean> {
  return new Promise(done => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => setImmediate(() => done(false)))
  })
}
