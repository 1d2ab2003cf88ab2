import { int64, method, service } from '@halibut-gateway/schemas/contract'
import { createSelfSignedCertificate, HalibutRuntime } from '@halibut-gateway/server'

const calculator = service('ICalculatorService', { Add: method({ a: int64, b: int64 }, int64) })
const [ours, theirs] = await Promise.all([createSelfSignedCertificate(), createSelfSignedCertificate()])

await using agent = new HalibutRuntime({ certificate: theirs, trust: [ours.thumbprint] })
agent.addService(calculator, { Add: (a, b) => a + b })
const { port } = await agent.listen()

await using caller = new HalibutRuntime({ certificate: ours })
const client = caller.createClient(calculator, { uri: `https://localhost:${port}`, thumbprint: theirs.thumbprint })
console.log(await client.Add(1n, 2n)) // 3n
