import type { FacadeLimits, StreamPosition } from '@halibut-gateway/schemas/wire'

/** What `hello` told. */
export interface Welcome {
  readonly server: { readonly name: string; readonly version: string }
  readonly session: string
  readonly resumeToken: string
  /** Whether the session went on. */
  readonly resumed: boolean
  /** Why it did not. */
  readonly reason?: string
  /** Our counted frames that the gateway has received in this session. */
  readonly sequence: number
  /** How far it has received our uploads. */
  readonly streams: readonly StreamPosition[]
  /** Changes when the gateway lost its memory. */
  readonly epoch: string
  readonly principal: { readonly name: string; readonly role: string }
  readonly limits: FacadeLimits
}
