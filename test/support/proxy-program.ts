import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { testIdentity } from './certificates.ts'
import { tcpServer } from './tcp-server.ts'

/** A reverse proxy of the system with the file of operations as it is, but for ports, the certificate and the name of the host. */
export interface ProxyProgram extends AsyncDisposable {
  readonly port: number
}

/** What differs between one program and another. */
export interface ProxyKind {
  readonly program: string
  /** Its file in `server/operations`. */
  readonly file: string
  /** What is put in the place of what stands there. */
  replaced(place: ProxyPlace): readonly (readonly [string, string])[]
  /** The whole configuration, with the file in it. */
  configuration(site: string, place: ProxyPlace): string
  args(configuration: string, place: ProxyPlace): readonly string[]
}

/** Where it runs. */
export interface ProxyPlace {
  /** All that it writes lies here. */
  readonly folder: string
  /** The name of the host that browsers know. */
  readonly name: string
  readonly port: number
  readonly gatewayPort: number
  readonly certificate: string
  readonly key: string
}

/**
 * Starts it on a free port of loopback before a gateway. `gatewayOf`: given the port of the proxy, which the gateway has to know, gives its own.
 * Nothing that it might dial by itself is reached.
 */
export async function startProxyProgram(
  { program, file, replaced, configuration, args }: ProxyKind,
  name: string,
  gatewayOf: (port: number) => Promise<number>,
): Promise<ProxyProgram> {
  if (!existsSync(program)) throw new Error(`there is no ${program}: install it, as npm test does where it may`)
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'))
  const port = await freePort()
  const [certificate, key, path] = ['page.pem', 'page.key', 'configuration'].map(each => join(folder, each)) as [string, string, string]
  const place: ProxyPlace = { folder, name, port, gatewayPort: await gatewayOf(port), certificate, key }
  const identity = testIdentity('reverse proxy')
  await writeFile(certificate, identity.certificatePem)
  await writeFile(key, identity.keyPem)
  const ours = readFileSync(resolve(import.meta.dirname, '../../server/operations', file), 'utf8')
  const site = replaced(place).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`operations/${file} has no ${from}`)
    return text.replaceAll(from, to)
  }, ours)
  await writeFile(path, configuration(site, place))
  const nowhere = 'http://127.0.0.1:9'
  const env = {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '',
  }
  const child = spawn(program, args(path, place), { env, stdio: ['ignore', 'ignore', 'pipe'] })
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
    if (!isThere) throw new Error(`${program} is not there: ${said}`)
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
