import { Type } from '@sinclair/typebox'
import { AgentIdSchema } from './agent.ts'
import { EndpointUriSchema } from './endpoint.ts'

/** A step of the doctor: what it looked at, and what it found. */
export const DoctorStepSchema = Type.Object(
  {
    step: Type.String({
      pattern: '^[a-z]+$',
      description:
        'of an agent that listens: dns, tcp, tls, certificate, trust, identify, call; of one that polls: registration, port, trust, knocks, connection, call',
    }),
    outcome: Type.Union([Type.Literal('passed'), Type.Literal('failed'), Type.Literal('skipped')], {
      description: 'skipped: a step before it failed',
    }),
    found: Type.String({ description: 'what was found, in words' }),
    fault: Type.Optional(Type.String({ pattern: '^[a-z_]+$', description: 'the name of what is wrong, for programs' })),
    fix: Type.Optional(Type.String({ description: 'the one thing to do about it' })),
    durationMs: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
)

/** What the doctor says of an agent. */
export const DoctorReportSchema = Type.Object(
  {
    agent: AgentIdSchema,
    uri: EndpointUriSchema,
    isHealthy: Type.Boolean({ description: 'no step has failed' }),
    steps: Type.Array(DoctorStepSchema),
  },
  { additionalProperties: false },
)
