import { Type } from '@sinclair/typebox'
import { AgentIdSchema, VersionSchema } from './agent.ts'
import { CertificateThumbprintSchema } from './trust.ts'

const Time = Type.String({ description: 'RFC 3339' })
const Count = Type.Integer({ minimum: 0 })

/** A certificate of the gateway. */
const OwnCertificateSchema = Type.Object(
  {
    thumbprint: Type.String({ description: 'SHA-1' }),
    thumbprint256: Type.String({ description: 'SHA-256' }),
    subject: Type.String(),
    notAfter: Type.String({ description: 'RFC 3339: until when it is valid, at which agents do not look' }),
    state: Type.Union([Type.Literal('present'), Type.Literal('next'), Type.Literal('previous'), Type.Literal('retired')], {
      description:
        'present: the one that the gateway is known by; next: presented beside it, to take its place; previous: presented until no agent depends on it; retired: presented no more',
    }),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { description: 'where polling agents find it' }),
    added: Time,
    retired: Type.Optional(Time),
    dependents: Type.Optional(
      Type.Integer({ ...Count, description: 'agents that would be lost without it: they accept no other one that is presented' }),
    ),
  },
  { additionalProperties: false },
)

/** The gateway’s own certificates. */
export const OwnCertificatesSchema = Type.Object(
  {
    own: Type.Object(
      {
        version: Type.String({ description: 'another one after each change' }),
        certificates: Type.Array(OwnCertificateSchema, { description: 'those that are presented first' }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/** What an agent has been seen to accept. */
export const AcceptanceSchema = Type.Object(
  {
    agent: AgentIdSchema,
    accepted: Type.Array(Type.Object({ thumbprint: Type.String(), lastSeen: Time }, { additionalProperties: false }), {
      description: 'certificates of the gateway that it has been seen to accept, the last one first; empty: it was never seen',
    }),
    now: Type.Array(Type.String(), { description: 'those that it accepts now, as far as that can be known' }),
  },
  { additionalProperties: false },
)

/** A step of a rotation. */
export const IdentityStepSchema = Type.Object(
  { thumbprint: CertificateThumbprintSchema, version: VersionSchema },
  { additionalProperties: false },
)

/** A certificate that is to be made. */
export const NewIdentitySchema = Type.Object(
  { version: VersionSchema, commonName: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'whom it names' })) },
  { additionalProperties: false },
)

/** A certificate that is to be taken over, with its key. */
export const ImportedIdentitySchema = Type.Object(
  {
    version: VersionSchema,
    pem: Type.Optional(Type.String({ minLength: 1, maxLength: 65_536, description: 'certificate and private key as PEM' })),
    pfx: Type.Optional(
      Type.String({ minLength: 1, maxLength: 65_536, description: 'certificate and private key as PFX (PKCS #12), in base64' }),
    ),
    password: Type.Optional(Type.String({ maxLength: 1_024, description: 'of the key or the PFX' })),
  },
  { additionalProperties: false },
)

/** A certificate that is presented no more. */
export const RetiredIdentitySchema = Type.Object(
  {
    thumbprint: CertificateThumbprintSchema,
    version: VersionSchema,
    expect: Type.Optional(
      Type.Array(AgentIdSchema, {
        maxItems: 10_000,
        description: 'agents that were seen to depend on it and are given up; without them it is refused where there are such',
      }),
    ),
  },
  { additionalProperties: false },
)
