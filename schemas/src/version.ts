import { type Static, Type } from '@sinclair/typebox'

/** What `GET /version` answers; `agents` only for who is signed in. */
export const VersionAnswerSchema = Type.Object(
  {
    name: Type.Literal('halibut-gateway'),
    version: Type.String({ minLength: 1 }),
    signIn: Type.Optional(
      Type.Object(
        {
          name: Type.String({ description: 'the provider, for people' }),
          signIn: Type.String({ description: 'where a browser begins, relative to the address of the page' }),
          signOut: Type.String({ description: 'a POST there ends it' }),
        },
        { additionalProperties: false, description: 'how a person signs in at the page with an OpenID provider; absent: not at all' },
      ),
    ),
    agents: Type.Optional(
      Type.Object(
        {
          thumbprint: Type.String({
            pattern: '^[0-9A-F]{40}$',
            description: 'SHA-1 of the gateway’s certificate, which agents have to trust',
          }),
          host: Type.String({
            minLength: 1,
            description: 'the address that polling agents connect to; one that means all addresses of the machine stays',
          }),
          port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'the port that polling agents connect to' }),
          next: Type.Optional(
            Type.Object(
              {
                thumbprint: Type.String({ pattern: '^[0-9A-F]{40}$', description: 'SHA-1 of that certificate' }),
                port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'where it is presented to polling agents' }),
              },
              {
                additionalProperties: false,
                description: 'the certificate that is to take the place of the present one, where there is one',
              },
            ),
          ),
        },
        { additionalProperties: false, description: 'what a polling agent is set up with' },
      ),
    ),
  },
  { additionalProperties: false },
)

/** What `GET /version` answers. */
export type VersionAnswer = Static<typeof VersionAnswerSchema>
