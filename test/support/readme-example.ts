import { createSelfSignedCertificate, HalibutRuntime, method, service, string } from '@halibut-gateway/server'

const greeter = service('IEchoService', { SayHello: method([['name', string]], string) })
const [ours, theirs] = await Promise.all([createSelfSignedCertificate(), createSelfSignedCertificate()])

await using agent = new HalibutRuntime({ certificate: theirs, trust: [ours.thumbprint] })
agent.addService(greeter, { SayHello: name => `Hello, ${name}!` })
const { port } = await agent.listen()

await using caller = new HalibutRuntime({ certificate: ours })
const client = caller.createClient(greeter, { uri: `https://localhost:${port}`, thumbprint: theirs.thumbprint })
console.log(await client.SayHello('Paul')) // Hello, Paul!
