import { product } from './product.ts'

/** A certificate as it is handed to another process. */
export interface Identity {
  readonly certificatePem: string
  readonly keyPem: string
  readonly thumbprint: string
  readonly thumbprint256: string
}

/** Who dials and who is dialled, in every row: RSA-2048, as the product makes them. */
export interface Identities {
  readonly dialler: Identity
  readonly acceptor: Identity
}

let made: Promise<Identities> | undefined

export function identities(): Promise<Identities> {
  made ??= create()
  return made
}

async function create(): Promise<Identities> {
  const { createSelfSignedCertificate } = await product('runtime/certificates')
  const one = async (commonName: string): Promise<Identity> => {
    const { certificatePem, keyPem, thumbprint, thumbprint256 } = await createSelfSignedCertificate({ commonName })
    return { certificatePem, keyPem, thumbprint, thumbprint256 }
  }
  return { dialler: await one('bench dialler'), acceptor: await one('bench acceptor') }
}
