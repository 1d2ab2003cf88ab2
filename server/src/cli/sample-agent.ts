import type { Contract } from '@halibut-gateway/schemas/contract'

/** What an agent with the sample services is made of. The demo, which is compiled apart, makes it. */
export interface SampleAgentOptions {
  /** What it calls itself, in greetings and in its certificate. */
  readonly name: string
  /** Where its certificate and its files lie; made where it does not exist. */
  readonly stateFolder: string
  /** Whom it serves: one or more; where it polls, no more than two. */
  readonly trust: readonly string[]
  /** Where it listens, or whom it polls. */
  readonly reach:
    | { readonly mode: 'listening'; readonly host: string; readonly port: number }
    | { readonly mode: 'polling'; readonly gatewayUri: string; readonly subscription: string; readonly connections: number }
}

/** An agent that is there. */
export interface SampleAgent {
  /** `https://host:port/`, or its subscription. */
  readonly uri: string
  readonly thumbprint: string
  readonly contracts: readonly Contract[]
  /** Begins to poll, where it polls: the gateway has to know it by then. */
  begin(): void
  close(): Promise<void>
}

/** `sample-agent.ts` of the demo. */
export interface SampleAgentModule {
  startSampleAgent(options: SampleAgentOptions): Promise<SampleAgent>
}
