import { type Static, Type } from '@sinclair/typebox'

/** SHA-1 of a certificate, 40 upper-case hex digits, or SHA-256, 64. */
export const ThumbprintSchema = Type.String({ pattern: '^([0-9A-F]{40}|[0-9A-F]{64})$', description: '40 or 64 upper-case hex digits' })

/**
 * An agent’s address: `https://host:port/` where it listens, `poll://name/` where it polls. No user and no password: nobody is told them on the
 * wire, and everybody who may see the agent would see them here.
 */
export const EndpointUriSchema = Type.String({
  pattern: '^(https|poll)://[^\\s@]+$',
  maxLength: 2048,
  description: 'https://host:port/ or poll://name/, without a user',
})

/** How an agent is reached, and which certificate it must show. */
export const EndpointSchema = Type.Object({ uri: EndpointUriSchema, thumbprint: ThumbprintSchema }, { additionalProperties: false })

/** How an agent is reached, and which certificate it must show. */
export type AgentEndpoint = Static<typeof EndpointSchema>
