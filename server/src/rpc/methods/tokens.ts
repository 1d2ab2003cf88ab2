import type { TokenSnapshot } from '@halibut-gateway/schemas'
import type { Tokens } from '../../access/tokens.ts'
import type { TokenRecord } from '../../store/records.ts'
import { pageOf } from '../pages.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'

/** The methods about the tokens that people and programs sign in with. */
export function tokensMethods(tokens: Tokens): Pick<Handlers, `tokens.${'list' | 'get' | 'create' | 'revoke'}`> {
  const shown = (record: TokenRecord): TokenSnapshot => snapshotOf(record, tokens)
  return {
    'tokens.list': page => {
      const records = new Map(tokens.list().map(record => [record.id, record]))
      const { page: told, next } = pageOf(records, page)
      return { tokens: told.map(shown), ...next }
    },
    'tokens.get': ({ id }) => ({ token: shown(tokens.require(id)) }),
    'tokens.create': async ({ name, role, scope, expires }, { principal, change }) => {
      const expiresMs = expires === undefined ? undefined : momentOf(expires)
      const { secret, record } = await tokens.create({ name, role, scope, expiresMs, createdBy: principal.name }, change)
      return { id: record.id, secret, token: shown(record) }
    },
    'tokens.revoke': async ({ id }, { change }) => ({ token: shown(await tokens.revoke(id, change)) }),
  }
}

function momentOf(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  const expected = 'a moment as RFC 3339 has it, such as 2030-01-31T12:00:00Z'
  throw new ParamsError(`the parameters of tokens.create do not fit: /expires: expected ${expected}`, [
    { path: '/expires', expected, got: JSON.stringify(text) },
  ])
}

/** As it is now: what is secret of it is left out. */
function snapshotOf(record: TokenRecord, tokens: Tokens): TokenSnapshot {
  const { id, name, role, scope, createdMs, createdBy, expiresMs, lastUsedMs, revokedMs } = record
  return {
    id,
    name,
    role,
    state: tokens.stateOf(record),
    ...(scope ? { scope: scope.map(grant => ({ ...grant })) } : {}),
    created: timeOf(createdMs),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(expiresMs === undefined ? {} : { expires: timeOf(expiresMs) }),
    ...(lastUsedMs === undefined ? {} : { lastUsed: timeOf(lastUsedMs) }),
    ...(revokedMs === undefined ? {} : { revoked: timeOf(revokedMs) }),
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
