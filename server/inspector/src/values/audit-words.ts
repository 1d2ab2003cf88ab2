import type { MethodResult } from '@halibut-gateway/schemas'

type Broken = Extract<MethodResult<'audit.verify'>, { ok: false }>

/** What of an action is never written down; `undefined`: nothing of it is left out. */
export function leftOut(action: string): string | undefined {
  switch (action) {
    case 'agent.invoke':
      return 'the arguments and the answer of the call'
    case 'tokens.create':
      return 'the secret of the token'
    case 'rules.set':
      return 'the rules themselves'
    case 'contracts.add':
    case 'contracts.update':
      return 'the contract itself'
    case 'certificates.import':
      return 'the certificate’s private key and its password'
    default:
      return undefined
  }
}

/** What a finding means, and what is to be done, one thing after the other. */
export function breakAdvice({ finding, sequence }: Broken): { readonly meaning: string; readonly todo: readonly string[] } {
  const keep = 'Keep what there is before anything of it is forgotten: halibut-gateway backup'
  const access = 'Find out who can write into the state folder of the gateway: the gateway itself changes no entry.'
  switch (finding) {
    case 'changed':
      return {
        meaning: `What is written in entry ${sequence}, or in the one before it, is not what was written down then. Those before it hold.`,
        todo: [keep, `Compare entry ${sequence} with the same one in an older backup: halibut-gateway audit export <backup>`, access],
      }
    case 'missing':
      return {
        meaning: `Entry ${sequence} was taken out, or the beginning of the log is gone. Those before it hold.`,
        todo: [keep, `Look for entry ${sequence} in an older backup: halibut-gateway audit export <backup>`, access],
      }
    case 'cut-off':
      return {
        meaning: `The log once had entries from ${sequence} on, and they are gone: a head that was signed then shows it.`,
        todo: [keep, 'Look whether an older backup was restored: then they are gone with what came after it.', access],
      }
    case 'rewritten':
      return {
        meaning: `The chain holds, and is another one than the head was signed for: everything up to entry ${sequence} was written anew.`,
        todo: [keep, 'Compare it with the backup that is nearest to the head: halibut-gateway audit export <backup>', access],
      }
  }
}

/** The command with which anybody computes the hash of an entry. */
export function hashCommand(previousHash: string, sequence: number, atMs: number, text: string): string {
  const quoted = `'${text.replaceAll("'", "'\\''")}'`
  return `printf '%s\\n%s\\n%s\\n%s' ${previousHash} ${sequence} ${atMs} ${quoted} | sha256sum`
}
