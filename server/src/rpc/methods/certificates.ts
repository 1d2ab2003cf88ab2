import type { MethodParams, MethodResult } from '@halibut-gateway/schemas'
import type { Access } from '../../access/access.ts'
import { inTurns } from '../../base/in-turns.ts'
import { acceptedNow } from '../../fleet/acceptances.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { GatewayCertificates } from '../../fleet/gateway-certificates.ts'
import {
  type Certificate,
  certificateFromEncryptedPem,
  certificateFromPem,
  certificateFromPfx,
  createSelfSignedCertificate,
} from '../../runtime/certificates.ts'
import { AgentSight } from '../agent-sight.ts'
import { cursorAfter, keysFrom } from '../pages.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'
import { versionIn } from '../version-in.ts'

type CertificateMethods = Extract<keyof Handlers, `certificates.${string}`>
type Acceptance = MethodResult<'certificates.agents'>['agents'][number]

/** What the methods work with. */
export interface CertificateMethodsOptions {
  readonly certificates: GatewayCertificates
  readonly directory: AgentDirectory
  readonly access: Access
}

/** The methods about the gateway’s own certificates. */
export function certificatesMethods({ certificates, directory, access }: CertificateMethodsOptions): Pick<Handlers, CertificateMethods> {
  const told = (): Promise<MethodResult<'certificates.list'>> => inTurns(list(certificates))
  return {
    'certificates.list': told,
    'certificates.agents': (params, { principal }) =>
      inTurns(acceptances(certificates, directory, new AgentSight(access, principal), params)),
    'certificates.create': async ({ commonName = 'Halibut Gateway', version }, { principal, change }) => {
      await certificates.add(await createSelfSignedCertificate({ commonName }), versionIn(version), principal.name, change)
      return told()
    },
    'certificates.import': async (params, { principal, change }) => {
      await certificates.add(await imported(params), versionIn(params.version), principal.name, change)
      return told()
    },
    'certificates.promote': async ({ thumbprint, version }, { principal, change }) => {
      await certificates.promote(thumbprint, versionIn(version), principal.name, change)
      return told()
    },
    'certificates.retire': async ({ thumbprint, version, expect = [] }, { principal, change }) => {
      await certificates.retire(thumbprint, versionIn(version), expect, principal.name, change)
      return told()
    },
  }
}

/** So many take far less than a slice. */
const agentsAtOnce = 256

function* list(certificates: GatewayCertificates): Generator<undefined, MethodResult<'certificates.list'>, undefined> {
  const found: MethodResult<'certificates.list'>['own']['certificates'] = []
  const { version } = certificates
  for (const { thumbprint, thumbprint256, subject, notAfter, state, ports, addedMs, retiredMs } of certificates.list()) {
    let dependents = 0
    if (state !== 'retired') {
      for (const _ of certificates.dependents(thumbprint)) if (++dependents % agentsAtOnce === 0) yield
    }
    found.push({
      thumbprint,
      thumbprint256,
      subject,
      notAfter: notAfter.toISOString(),
      state,
      ports: [...ports],
      added: timeOf(addedMs),
      ...(retiredMs === undefined ? {} : { retired: timeOf(retiredMs) }),
      ...(state === 'retired' ? {} : { dependents }),
    })
  }
  return { own: { version, certificates: found } }
}

function* acceptances(
  certificates: GatewayCertificates,
  directory: AgentDirectory,
  sight: AgentSight,
  { dependsOn, ...page }: MethodParams<'certificates.agents'>,
): Generator<undefined, MethodResult<'certificates.agents'>, undefined> {
  const agents: Acceptance[] = []
  const knownOf = certificates.acceptance()
  const lost =
    dependsOn === undefined ? undefined : new Set([...certificates.dependents(dependsOn.toUpperCase())].map(({ agent }) => agent))
  let looked = 0
  for (const id of keysFrom(directory.ids(), page)) {
    if (++looked % agentsAtOnce === 0) yield
    const agent = directory.get(id)
    if (!agent || !sight.sees(agent) || lost?.has(id) === false) continue
    const last = agents.at(-1)
    if (last && agents.length === page.limit) return { agents, next: cursorAfter(last.agent) }
    const known = knownOf(id)
    agents.push({
      agent: id,
      accepted: known.accepted.map(({ thumbprint, lastSeenMs }) => ({ thumbprint, lastSeen: timeOf(lastSeenMs) })),
      now: [...acceptedNow(known)],
    })
  }
  return { agents }
}

/** Throws `invalid_params` where it is neither or both, `certificate_invalid` where it cannot be read. */
async function imported({ pem, pfx, password }: MethodParams<'certificates.import'>): Promise<Certificate> {
  if (pem !== undefined && pfx === undefined) {
    const where = 'the certificate that is to be imported'
    return password === undefined
      ? certificateFromPem({ certificatePem: pem, where })
      : certificateFromEncryptedPem({ certificatePem: pem, password, where })
  }
  if (pfx !== undefined && pem === undefined)
    return certificateFromPfx(Buffer.from(pfx, 'base64'), password, 'the PFX that is to be imported')
  const expected = 'either pem or pfx'
  throw new ParamsError(`the parameters of certificates.import do not fit: expected ${expected}`, [
    { path: '', expected, got: pem === undefined ? 'neither' : 'both' },
  ])
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
