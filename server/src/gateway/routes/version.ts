import { type VersionAnswer, VersionAnswerSchema } from '@halibut-gateway/schemas'
import type { FastifyInstance } from 'fastify'
import type { OidcOptions } from '../oidc/options.ts'
import { oidcPaths } from './oidc.ts'

/** What whoever sets up a polling agent has to know of this gateway. */
export type PollingAddress = NonNullable<VersionAnswer['agents']>

const document = {
  summary: 'what runs; for who is signed in also what a polling agent is set up with',
  answers: { 200: { description: 'the version', schema: VersionAnswerSchema } },
} as const

/**
 * `GET /version`: what runs here, for everybody; for who is signed in also what a polling agent is set up with. A credential that is not valid
 * is refused, so that nobody takes the short answer for the whole one.
 */
export async function versionRoutes(
  app: FastifyInstance,
  options: { readonly version: string; readonly agents?: (() => PollingAddress) | undefined; readonly oidc?: OidcOptions | undefined },
): Promise<void> {
  const { version, agents, oidc } = options
  const signIn = oidc?.client && { name: oidc.client.providerName, ...oidcPaths }
  app.get('/version', { config: { document } }, async (request, reply) => {
    const isSignedIn = !app.isAnonymous(request) && (await app.authenticate(request)) !== undefined
    const answer: VersionAnswer = {
      name: 'halibut-gateway',
      version,
      ...(signIn ? { signIn } : {}),
      ...(isSignedIn && agents ? { agents: agents() } : {}),
    }
    return reply.header('cache-control', 'no-store').header('vary', 'origin, authorization').send(answer)
  })
}
