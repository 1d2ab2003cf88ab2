import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  certificateFromPem,
  certificateFromPfx,
  createSelfSignedCertificate,
  loadCertificateFile,
  toPem,
  toPfx,
} from '../../../../server/src/runtime/certificates.ts'
import { rsaIdentity, testIdentity } from '../../../support/certificates.ts'
import { ecPfx, ecPfxThumbprint, modernRsaPfx, oldRsaPfx, rsaPfxThumbprint } from '../../../support/pfx-samples.ts'

const ec = testIdentity('ec')

function refusal(message: RegExp) {
  return { kind: 'certificate_invalid', message: expect.stringMatching(message) }
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error('it did not throw')
}

describe('a self-signed certificate', () => {
  test('is RSA-2048, signed with SHA-256 by its own key, and tells its thumbprints', async () => {
    const made = await rsaIdentity()
    const parsed = new X509Certificate(made.certificatePem)
    expect(parsed.verify(parsed.publicKey)).toBe(true)
    expect(parsed.checkPrivateKey(createPrivateKey(made.keyPem))).toBe(true)
    expect(parsed.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 })
    expect(made).toMatchObject({
      keyType: 'rsa',
      subject: 'CN=rsa',
      thumbprint: parsed.fingerprint.replaceAll(':', ''),
      thumbprint256: parsed.fingerprint256.replaceAll(':', ''),
    })
    expect(made.certificateDer.equals(parsed.raw)).toBe(true)
    // sha256WithRSAEncryption, twice: in the part that is signed and beside the signature.
    expect(made.certificateDer.toString('hex').split('06092a864886f70d01010b')).toHaveLength(3)
  })

  test('is valid from yesterday, for as many years as asked, with any name', async () => {
    const made = await createSelfSignedCertificate({ commonName: 'Zoë / agent, 1', years: 2 })
    const parsed = new X509Certificate(made.certificatePem)
    const days = (time: string | Date): number => Math.round((new Date(time).getTime() - Date.now()) / 86_400_000)
    expect(days(parsed.validFrom)).toBe(-1)
    expect([730, 731]).toContain(days(made.notAfter))
    expect(made.subject).toContain('Zoë / agent')
  })

  test.each([[{ commonName: '' }], [{ commonName: 'x'.repeat(65) }], [{ years: 0 }], [{ years: Number.NaN }]])(
    'is not made from %j',
    async options => {
      await expect(createSelfSignedCertificate(options)).rejects.toMatchObject({ kind: 'invalid_argument' })
    },
  )
})

describe('PEM', () => {
  test('comes back as it went out, with and without a password', async () => {
    for (const one of [ec, await rsaIdentity()]) {
      expect(certificateFromPem({ certificatePem: toPem(one) })).toEqual(one)
      expect(certificateFromPem({ certificatePem: toPem(one, 'pässword'), password: 'pässword' })).toEqual(one)
      expect(toPem(one, 'x')).toContain('ENCRYPTED PRIVATE KEY')
    }
  })

  test('the older forms of keys are read: PKCS #1 and SEC 1', async () => {
    const rsa = await rsaIdentity()
    const pkcs1 = createPrivateKey(rsa.keyPem).export({ type: 'pkcs1', format: 'pem' }).toString()
    const sec1 = createPrivateKey(ec.keyPem).export({ type: 'sec1', format: 'pem' }).toString()
    expect(certificateFromPem({ certificatePem: rsa.certificatePem, keyPem: pkcs1 })).toEqual(rsa)
    expect(certificateFromPem({ certificatePem: `${sec1}\n${ec.certificatePem}` })).toEqual(ec)
  })

  test('what is wrong is told with the place and the fix', async () => {
    const { certificatePem, keyPem } = ec
    const where = 'agents/one.pem'
    const of = (options: { certificatePem: string; keyPem?: string; password?: string }): string =>
      messageOf(() => certificateFromPem({ ...options, where }))
    expect(of({ certificatePem, keyPem: testIdentity('other').keyPem })).toMatch(
      /^agents\/one\.pem: the private key does not belong to the certificate; supply the key/,
    )
    expect(of({ certificatePem, keyPem: (await rsaIdentity()).keyPem })).toMatch(/does not belong to the certificate/)
    expect(of({ certificatePem })).toMatch(/there is no private key; supply the PRIVATE KEY block/)
    expect(of({ certificatePem: keyPem })).toMatch(/there is no CERTIFICATE block/)
    expect(of({ certificatePem: certificatePem.replace(/.{64}\n/, ''), keyPem })).toMatch(/the certificate cannot be read; export it again/)
    expect(of({ certificatePem, keyPem: keyPem.replace(/\n.{20}/, '\n') })).toMatch(/the private key cannot be read/)
    const locked = toPem(ec, 'right')
    expect(of({ certificatePem: locked })).toMatch(/the private key is encrypted; supply its password/)
    expect(of({ certificatePem: locked, password: 'wrong' })).toMatch(/the password does not open the private key/)
    for (const message of [
      of({ certificatePem, keyPem: keyPem.replace(/\n.{20}/, '\n') }),
      of({ certificatePem: locked, password: 'wrong' }),
    ]) {
      expect(message).not.toContain(keyPem.split('\n')[1])
    }
  })
})

describe('PFX', () => {
  test.each(['aes256', '3des'] as const)('comes back as it went out, encrypted with %s', async encryption => {
    const rsa = await rsaIdentity()
    expect(certificateFromPfx(toPfx(rsa, 'pässword', encryption), 'pässword')).toEqual(rsa)
  })

  test('without a password it can be empty or missing', async () => {
    const rsa = await rsaIdentity()
    const pfx = toPfx(rsa, '')
    expect(certificateFromPfx(pfx)).toEqual(rsa)
    expect(certificateFromPfx(pfx, '')).toEqual(rsa)
  })

  test('of an old tool, encrypted with RC2-40, is read', () => {
    expect(certificateFromPfx(oldRsaPfx, 'secret')).toMatchObject({ thumbprint: rsaPfxThumbprint, keyType: 'rsa' })
  })

  test('of a new tool is read, and gives the same pair', () => {
    expect(certificateFromPfx(modernRsaPfx, 'secret')).toEqual(certificateFromPfx(oldRsaPfx, 'secret'))
  })

  test('with an EC key is read, and its subject printed as .NET does', () => {
    expect(certificateFromPfx(ecPfx, 'secret')).toMatchObject({
      thumbprint: ecPfxThumbprint,
      keyType: 'ec',
      subject: 'CN=ec, O=Foo, C=DE',
    })
  })

  test('is written for RSA keys only, and says what to do instead', () => {
    expect(messageOf(() => toPfx(ec, 'x'))).toMatch(/a PFX can be written for RSA keys only, and this key is ec; take the PEM form/)
  })

  test.each([
    ['a wrong password', oldRsaPfx, 'wrong', /the password does not open the PFX; supply the right password/],
    ['a missing password', modernRsaPfx, undefined, /the password does not open the PFX/],
    ['a wrong password of an EC one', ecPfx, 'wrong', /the password does not open the PFX/],
    ['half a file', oldRsaPfx.subarray(0, 700), 'secret', /it is neither PEM nor PFX/],
    ['no PFX at all', Buffer.from('hello'), 'secret', /it is neither PEM nor PFX/],
    ['nothing', Buffer.alloc(0), 'secret', /it is neither PEM nor PFX/],
    ['other ASN.1', Buffer.from('300302010a', 'hex'), 'secret', /the PFX cannot be read: .+; convert it with/],
  ])('%s is told', (_what, bytes, password, message) => {
    expect(() => certificateFromPfx(bytes, password)).toThrow(expect.objectContaining(refusal(message)))
  })
})

describe('a certificate file', () => {
  async function folder(): Promise<AsyncDisposable & { put(name: string, content: string | Buffer): Promise<string> }> {
    const path = await mkdtemp(join(tmpdir(), 'halibut-certificates-'))
    return {
      async put(name, content) {
        await writeFile(join(path, name), content)
        return join(path, name)
      },
      [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
    }
  }

  test('is loaded as what it is', async () => {
    await using files = await folder()
    expect(await loadCertificateFile(await files.put('a.pem', toPem(ec)))).toEqual(ec)
    expect(await loadCertificateFile(await files.put('locked.pem', toPem(ec, 'x')), { password: 'x' })).toEqual(ec)
    expect(await loadCertificateFile(await files.put('a.pfx', ecPfx), { password: 'secret' })).toMatchObject({
      thumbprint: ecPfxThumbprint,
    })
    const keyPath = await files.put('key.pem', ec.keyPem)
    expect(await loadCertificateFile(await files.put('only-certificate.pem', ec.certificatePem), { keyPath })).toEqual(ec)
  })

  test('that is missing, mismatched or something else is named', async () => {
    await using files = await folder()
    const keyPath = await files.put('key.pem', testIdentity('other').keyPem)
    const path = await files.put('cert.pem', ec.certificatePem)
    await expect(loadCertificateFile(path, { keyPath })).rejects.toMatchObject(
      refusal(/cert\.pem with the key of .*key\.pem: the private key does not belong to the certificate/),
    )
    await expect(loadCertificateFile(path)).rejects.toMatchObject(refusal(/cert\.pem: there is no private key/))
    await expect(loadCertificateFile(`${path}.gone`)).rejects.toMatchObject(
      refusal(/cert\.pem\.gone: there is no such file; correct the path/),
    )
    await expect(loadCertificateFile(path, { keyPath: `${keyPath}.gone` })).rejects.toMatchObject(
      refusal(/key\.pem\.gone: there is no such file/),
    )
    await expect(loadCertificateFile(await files.put('big.pem', Buffer.alloc(2_000_000)))).rejects.toMatchObject(refusal(/2000000 bytes/))
  })

  test('with an Ed25519 key tells its kind', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(messageOf(() => certificateFromPem({ certificatePem: ec.certificatePem, keyPem }))).toMatch(/does not belong/)
  })
})
