import { existsSync } from 'node:fs'
import {
  createSelfSignedCertificate,
  DataStream,
  dataStream,
  HalibutRuntime,
  int64,
  loadCertificateFile,
  method,
  saveCertificateFile,
  service,
  string,
} from '@halibut-gateway/server'

const file = process.env['IDENTITY_FILE'] ?? 'identity.pem'
const certificate = existsSync(file) ? await loadCertificateFile(file) : await createSelfSignedCertificate()
await saveCertificateFile(certificate, file)

const files = service('IFileService', {
  Size: method([['content', dataStream]], int64),
  Read: method([['name', string]], dataStream),
})
await using agent = new HalibutRuntime({ certificate, trust: [certificate.thumbprint] })
agent.addService(files, {
  async Size(content) {
    let size = 0n
    for await (const chunk of content) size += BigInt(chunk.byteLength)
    return size
  },
  Read: name => DataStream.from(`the content of ${name}`),
})
const { port } = await agent.listen()

const client = agent.createClient(files, { uri: `https://localhost:${port}`, thumbprint: certificate.thumbprint })
console.log(await client.Size(DataStream.from(new Blob(['12345'])))) // 5n
for await (const chunk of await client.Read('notes.txt')) console.log(chunk.byteLength) // 24
