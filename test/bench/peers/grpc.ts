// grpc-js over mutual TLS: a unary call of 200 bytes each way, without a message format on top.

import grpc from '@grpc/grpc-js'
import { callsPerSecond } from '../calls-per-second.ts'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
const pass = (bytes: Buffer): Buffer => bytes
const definition: grpc.ServiceDefinition = {
  Echo: {
    path: '/bench.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  },
}

const pem = (text: string): Buffer => Buffer.from(text)

function listen({ identity, dialler }: { identity: Identity; dialler: Identity }): Promise<number> {
  const server = new grpc.Server()
  server.addService(definition, {
    Echo: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => done(null, call.request),
  })
  const pair = { private_key: pem(identity.keyPem), cert_chain: pem(identity.certificatePem) }
  const credentials = grpc.ServerCredentials.createSsl(pem(dialler.certificatePem), [pair], true)
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:0`, credentials, (why, port) => (why ? reject(why) : resolve(port)))
  })
}

type EchoClient = grpc.Client & { Echo(message: Buffer, done: (why: grpc.ServiceError | null, reply?: Buffer) => void): void }
let client: EchoClient | undefined

function open({ identity, acceptor, port }: { identity: Identity; acceptor: Identity; port: number }): void {
  const credentials = grpc.credentials.createSsl(pem(acceptor.certificatePem), pem(identity.keyPem), pem(identity.certificatePem), {
    checkServerIdentity: () => undefined,
  })
  const Client = grpc.makeGenericClientConstructor(definition, 'Echo')
  client = new Client(`${host}:${port}`, credentials, { 'grpc.ssl_target_name_override': 'localhost' }) as unknown as EchoClient
}

function calls({ measureMs, callers }: { measureMs: number; callers: number }): Promise<number> {
  const echo = client
  if (echo === undefined) throw new Error('not open')
  const message = Buffer.alloc(200, 1)
  const once = (): Promise<void> => new Promise((resolve, reject) => echo.Echo(message, why => (why ? reject(why) : resolve())))
  return callsPerSecond(once, measureMs, callers)
}

answer({ listen, open, calls })
