import type { ErrorKind, MethodName } from '@halibut-gateway/schemas/wire'
import { clientVariables } from '../settings/read-environment.ts'

/** A command line of this program, ready to be pasted. */
export function commandLine(...words: readonly string[]): string {
  return ['halibut-gateway', ...words.map(quoted)].join(' ')
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The flag of the state folder, where one was said. */
export function folderFlag(stateFolder: string | undefined): string[] {
  return stateFolder === undefined ? [] : ['--state-folder', stateFolder]
}

/** The verbs that do what a method of the gateway does: those of the methods that advice names. */
export const verbs: { readonly [M in MethodName]?: string } = {
  'agents.list': 'agents list',
  'audit.search': 'audit search',
  'certificates.list': 'cert show',
  'contracts.list': 'contracts list',
  'tokens.list': 'token list',
  'trust.denied': 'trust denied',
  'trust.pending': 'trust pending',
  'trust.thumbprints': 'trust list',
}

/** What the gateway advises, in the words of whoever types commands: the methods that it names are commands. */
export function inCommands(advice: string): string {
  return advice.replaceAll(/(\bask )?\b([a-z]+\.[a-z]+)\b/gi, (said, ask: string | undefined, name: string) => {
    const verb = Object.hasOwn(verbs, name) ? verbs[name as MethodName] : undefined
    return verb === undefined ? said : `${ask === undefined ? '' : 'look at '}halibut-gateway ${verb}`
  })
}

/** What to do next after an error of a kind, where the one table of errors speaks to programs. `agent`: the one that it is about. */
export function ownAdvice(kind: ErrorKind, agent: string | undefined): string | undefined {
  switch (kind) {
    case 'unknown_method':
      return 'the gateway is of another version than this program: halibut-gateway version --url <address> tells both'
    case 'version_conflict':
      return 'somebody has changed it meanwhile: look at it again, then run this again'
    case 'idempotency_conflict':
      return 'use another --idempotency-key for each call'
    case 'outcome_unknown':
      return 'find out whether the request ran, then call again with another --idempotency-key'
    case 'service_not_found':
    case 'method_not_found':
    case 'ambiguous_method':
      return `look at ${commandLine('contracts', 'list', ...(agent === undefined ? [] : ['--agent', agent]))}, which has all signatures`
    default:
      return undefined
  }
}

/** What to do without a token that the gateway takes. */
export const tokenAdvice = `say one with --token-file <path>, or with ${clientVariables.token} or ${clientVariables.tokenFile}; whoever may read the state folder of the gateway can make one: halibut-gateway token create --name me --role admin --state-folder <path>`
