import { X509Certificate } from 'node:crypto'
import type { Check } from '../attention/attention.ts'
import { agentCertificatesCheck, type OwnExpiry, ownCertificatesCheck, tokensCheck } from '../attention/expiry-checks.ts'
import { agentsCheck, clonesCheck, pendingCheck, unusedAgentsCheck } from '../attention/fleet-checks.ts'
import { rotationCheck } from '../attention/rotation-check.ts'
import { backupCheck, storeCheck } from '../attention/state-checks.ts'
import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { OwnIdentity } from '../fleet/gateway-certificates.ts'
import type { LastUse } from '../fleet/last-use.ts'
import type { Trust } from '../fleet/trust.ts'
import type { CertificateSource } from '../gateway/certificate-files.ts'
import type { Store } from '../store/store.ts'

/** What a gateway looks at to know what needs a person. */
export interface Looked {
  readonly store: Store
  readonly directory: AgentDirectory
  readonly trust: Trust
  readonly use: LastUse
  /** What agents trust. */
  readonly identities: () => readonly OwnIdentity[]
  readonly pageCertificate: CertificateSource | undefined
  /** When the newest backup was made. */
  readonly lastBackupMs: () => number | undefined
}

/** All that is looked at. */
export function gatewayChecks(looked: Looked): Check[] {
  const { store, directory, trust, use, identities, pageCertificate } = looked
  return [
    storeCheck(store),
    backupCheck(looked.lastBackupMs, firstMs(identities())),
    ownCertificatesCheck(() => ownExpiries(identities(), pageCertificate)),
    rotationCheck(identities, directory),
    agentCertificatesCheck(directory, trust),
    pendingCheck(trust),
    clonesCheck(trust.clones),
    agentsCheck(directory),
    unusedAgentsCheck(directory, use),
    tokensCheck(store.tokens),
  ]
}

function* ownExpiries(own: readonly OwnIdentity[], page: CertificateSource | undefined): Generator<OwnExpiry> {
  for (const { thumbprint, notAfter, state } of own) {
    if (state === 'retired') continue
    yield {
      thumbprint,
      expiresMs: notAfter.getTime(),
      code: 'gateway_certificate_expires',
      what: `the certificate ${thumbprint} of this gateway, which agents trust,`,
      action: { text: 'have another one take its place while both are trusted', command: 'halibut-gateway cert new' },
    }
  }
  if (!page) return
  yield {
    ...validityOf(page.current.cert),
    code: 'page_certificate_expires',
    what: 'the certificate of the page',
    action: { text: 'put a new one in the files of tlsCertificate and tlsKey; they are read again when they change' },
  }
}

function validityOf(pem: string): Pick<OwnExpiry, 'thumbprint' | 'expiresMs'> {
  const { fingerprint, validTo } = new X509Certificate(pem)
  return { thumbprint: fingerprint.replaceAll(':', ''), expiresMs: Date.parse(validTo) }
}

/** Since when there is something to lose: the first of our certificates was made then. */
function firstMs(own: readonly OwnIdentity[]): number {
  return Math.min(...own.map(({ addedMs }) => addedMs))
}
