import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, certificateFromPem, createSelfSignedCertificate } from '@halibut-gateway/server'

/** The certificate in a folder; made at the first start, so that an agent keeps its thumbprint. */
export async function loadIdentity(folder: string, commonName: string): Promise<Certificate> {
  const path = join(folder, 'identity.pem')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text !== undefined) return certificateFromPem({ certificatePem: text, where: path })
  const certificate = await createSelfSignedCertificate({ commonName })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  await writeFile(`${path}.tmp`, `${certificate.certificatePem}${certificate.keyPem}`, { mode: 0o600 })
  await rename(`${path}.tmp`, path)
  return certificate
}
