import type { ServiceImplementation } from '@halibut-gateway/schemas/contract'
import type { DataStream } from '@halibut-gateway/server'
import type { echo } from './contracts.ts'

/** Gives back what it gets. `agent` is the name it greets with. */
export function createEcho(agent: string): ServiceImplementation<typeof echo, DataStream> {
  return {
    SayHello: name => `Hello ${name}, this is ${agent}`,
    EchoBytes: content => content,
    EchoAppointment: appointment => appointment,
  }
}
