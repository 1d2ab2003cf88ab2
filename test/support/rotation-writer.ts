import { writeSync } from 'node:fs'
import { Audit } from '../../server/src/audit/audit.ts'
import { identitiesOf } from '../../server/src/cli/identity.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { createTestCertificate } from './certificates.ts'
import { certificatesOf, statesOf } from './killed-rotations.ts'

/**
 * A process that lets certificates of a gateway take each other’s place as fast as it can, and says after each step on its standard output, a line
 * each, which there are, until it is killed.
 */
const [path = ''] = process.argv.slice(2)
const store = await openEmbeddedStore(await openStateFolder(path))
const certificates = certificatesOf(identitiesOf(store), store)
const tell = (): void => void writeSync(1, `${statesOf(certificates)}\n`)
const audit = new Audit(store, () => certificates.present)
const telling = (action: string) => audit.telling({ who: 'ada', action, outcome: 'done' })
for (;;) {
  const { next, presented, present } = certificates
  const [previous] = presented.filter(each => each !== present)
  if (next) await certificates.promote(next.thumbprint, undefined, 'ada', telling('certificates.promote'))
  else if (previous) await certificates.retire(previous.thumbprint, undefined, [], 'ada', telling('certificates.retire'))
  else await certificates.add(createTestCertificate({ commonName: 'gateway' }), undefined, 'ada', telling('certificates.create'))
  tell()
}
