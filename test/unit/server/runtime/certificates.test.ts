import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { inspect, promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  certificateFromEncryptedPem,
  certificateFromPem,
  certificateFromPfx,
  createSelfSignedCertificate,
  loadCertificateFile,
  toPem,
  toPfx,
} from '../../../../server/src/runtime/certificates.ts'
import { rsaIdentity, testIdentity } from '../../../support/certificates.ts'
import {
  dotnetAesPfx,
  dotnetPfxThumbprint,
  dotnetTripleDesPfx,
  ecPfx,
  ecPfxThumbprint,
  modernRsaPfx,
  oldRsaPfx,
  rsaPfxThumbprint,
  umlautPassword,
} from '../../../support/pfx-samples.ts'

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

function timeOf(run: () => void): number {
  const start = performance.now()
  run()
  return performance.now() - start
}

async function messageOfRejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  )
}

test('a log shows whose a certificate is and never its key, also of a copy; a copy has all of it', () => {
  const made = testIdentity('logged')
  const copy = { ...made, commonName: 'logged' }
  expect(copy).toMatchObject({ keyPem: made.keyPem, certificatePem: made.certificatePem, thumbprint: made.thumbprint })
  const { thumbprint, thumbprint256, subject, notAfter, keyType } = made
  expect(JSON.parse(JSON.stringify({ made }))).toEqual({
    made: { thumbprint, thumbprint256, subject, notAfter: notAfter.toISOString(), keyType },
  })
  for (const it of [made, copy, { certificate: made }, [copy]]) {
    const text = inspect(it, { depth: 5 })
    for (const part of [thumbprint, subject, notAfter.toISOString()]) expect(text).toContain(part)
    expect(text).not.toMatch(/KEY|keyPem/)
  }
})

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
      expect(await certificateFromEncryptedPem({ certificatePem: toPem(one, 'pässword'), password: 'pässword' })).toEqual(one)
      expect(await certificateFromEncryptedPem({ certificatePem: toPem(one), password: 'not needed' })).toEqual(one)
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

  test('of several certificates the one that belongs to the key is taken, wherever it stands', () => {
    const [authority, intermediate] = [testIdentity('authority').certificatePem, testIdentity('intermediate').certificatePem]
    for (const certificatePem of [
      `${authority}${ec.certificatePem}${ec.keyPem}`,
      `${authority}${ec.keyPem}${intermediate}${ec.certificatePem}`,
    ]) {
      expect(certificateFromPem({ certificatePem })).toEqual(ec)
    }
    expect(messageOf(() => certificateFromPem({ certificatePem: `${authority}${intermediate}${ec.keyPem}` }))).toMatch(/does not belong/)
  })

  test('a text of nothing but beginnings is read in one pass', () => {
    const beginnings = '-----BEGIN CERTIFICATE-----'.repeat(2_400)
    const inOnePass = timeOf(() =>
      expect(messageOf(() => certificateFromPem({ certificatePem: beginnings }))).toMatch(/no CERTIFICATE block/),
    )
    const fromEachBeginning = timeOf(() => expect(beginnings.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END/g)).toBe(null))
    expect(inOnePass).toBeLessThan(fromEachBeginning / 2)
  })

  test('what is wrong is told with the place and the fix', async () => {
    const { certificatePem, keyPem } = ec
    const where = 'agents/one.pem'
    const of = (options: { certificatePem: string; keyPem?: string }): string => messageOf(() => certificateFromPem({ ...options, where }))
    const opened = (certificatePem: string, password: string): Promise<string> =>
      messageOfRejection(certificateFromEncryptedPem({ certificatePem, password, where }))
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
    expect(await opened(locked, 'wrong')).toMatch(/the password does not open the private key/)
    expect(await opened(locked.replace(/(ENCRYPTED PRIVATE KEY-----\n).{20}/, '$1'), 'right')).toMatch(/the private key cannot be read/)
    for (const message of [of({ certificatePem, keyPem: keyPem.replace(/\n.{20}/, '\n') }), await opened(locked, 'wrong')]) {
      expect(message).not.toContain(keyPem.split('\n')[1])
    }
  })
})

describe('PFX', () => {
  test.each(['aes256', '3des'] as const)('comes back as it went out, encrypted with %s', async encryption => {
    for (const one of [ec, await rsaIdentity()]) {
      for (const password of [umlautPassword, 'Schlüssel 鍵 🔑', 'x'.repeat(200)]) {
        expect(await certificateFromPfx(await toPfx(one, password, encryption), password)).toEqual(one)
      }
    }
  })

  test('without a password it can be empty or missing', async () => {
    const rsa = await rsaIdentity()
    const pfx = await toPfx(rsa, '')
    expect(await certificateFromPfx(pfx)).toEqual(rsa)
    expect(await certificateFromPfx(pfx, '')).toEqual(rsa)
  })

  test('of an old tool, encrypted with RC2-40, is read', async () => {
    expect(await certificateFromPfx(oldRsaPfx, 'secret')).toMatchObject({ thumbprint: rsaPfxThumbprint, keyType: 'rsa' })
  })

  test('of a new tool is read, and gives the same pair', async () => {
    expect(await certificateFromPfx(modernRsaPfx, 'secret')).toEqual(await certificateFromPfx(oldRsaPfx, 'secret'))
  })

  test('of .NET with a password beyond ASCII is read', async () => {
    for (const pfx of [dotnetAesPfx, dotnetTripleDesPfx]) {
      expect(await certificateFromPfx(pfx, umlautPassword)).toMatchObject({
        thumbprint: dotnetPfxThumbprint,
        keyType: 'ec',
        subject: 'CN=net',
      })
    }
  })

  test('with an EC key is read, and its subject printed as .NET does', async () => {
    expect(await certificateFromPfx(ecPfx, 'secret')).toMatchObject({
      thumbprint: ecPfxThumbprint,
      keyType: 'ec',
      subject: 'CN=ec, O=Foo, C=DE',
    })
  })

  test.each([
    ['a wrong password', oldRsaPfx, 'wrong', /the password does not open the PFX; supply the right password/],
    ['a missing password', modernRsaPfx, undefined, /the password does not open the PFX/],
    ['a wrong password of an EC one', ecPfx, 'wrong', /the password does not open the PFX/],
    ['half a file', oldRsaPfx.subarray(0, 700), 'secret', /it is neither PEM nor PFX/],
    ['no PFX at all', Buffer.from('hello'), 'secret', /it is neither PEM nor PFX/],
    ['nothing', Buffer.alloc(0), 'secret', /it is neither PEM nor PFX/],
    ['other ASN.1', Buffer.from('300302010a', 'hex'), 'secret', /the PFX cannot be read: .+; convert it with/],
    ['a large one', Buffer.alloc(200_000), 'secret', /it has 200000 bytes; supply a certificate file/],
  ])('%s is told', async (_what, bytes, password, message) => {
    await expect(certificateFromPfx(bytes, password)).rejects.toMatchObject(refusal(message))
  })

  test('a file that asks for more key derivation than is sensible is refused before any is done', async () => {
    // The iterations of the MAC are the last number of the file; 2,048 became 0x7fffffff, and the lengths around it grew by two.
    const greedy = withMacIterations(modernRsaPfx, 0x7fffffff)
    await expect(certificateFromPfx(greedy, 'secret')).rejects.toMatchObject(
      refusal(/the PFX cannot be read: it asks for 2147483647 iterations of key derivation/),
    )
  })

  test('holds nothing else up while its keys are derived', async () => {
    const slow = withMacIterations(modernRsaPfx, 1_000_000)
    const delays = monitorEventLoopDelay({ resolution: 1 })
    delays.enable()
    // The iterations belong to the MAC, so it no longer fits; to find that out all of them have to be done.
    await expect(certificateFromPfx(slow, 'secret')).rejects.toMatchObject(refusal(/the password does not open the PFX/))
    delays.disable()
    expect(delays.count).toBeGreaterThan(20)
    expect(delays.percentile(50) / 1e6).toBeLessThan(25)
  })

  describe('and OpenSSL', () => {
    test.each(['aes256', '3des'] as const)('it opens what is written with %s', async encryption => {
      await using files = await folder()
      for (const [name, one] of [
        ['ec', ec],
        ['rsa', await rsaIdentity()],
      ] as const) {
        const path = await files.put(`${name}.pfx`, await toPfx(one, umlautPassword, encryption))
        const pem = await openssl('pkcs12', '-in', path, '-passin', `pass:${umlautPassword}`, '-nodes')
        expect(certificateFromPem({ certificatePem: pem })).toEqual(one)
      }
    })

    test.each([
      [[]],
      [['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha512', '-iter', '3000']],
      [['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
      [['-keypbe', 'NONE', '-certpbe', 'NONE']],
      [['-nomac']],
    ])('what it writes with %j is opened', async options => {
      await using files = await folder()
      const path = await files.put('pair.pem', toPem(ec))
      const out = `${path}.pfx`
      await openssl('pkcs12', '-export', '-in', path, '-out', out, '-passout', `pass:${umlautPassword}`, ...options)
      expect(await loadCertificateFile(out, { password: umlautPassword })).toEqual(ec)
      const encrypted = !options.includes('NONE')
      if (encrypted) await expect(loadCertificateFile(out, { password: 'grunSchlussel' })).rejects.toMatchObject(refusal(/does not open/))
    })

    test.each([[['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512']], [['-v2', 'des3']], [['-scrypt']], [['-v1', 'PBE-SHA1-3DES']]])(
      'keys that it encrypts with %j are opened',
      async options => {
        await using files = await folder()
        const path = await files.put('key.pem', ec.keyPem)
        const keyPem = await openssl('pkcs8', '-topk8', '-in', path, '-passout', `pass:${umlautPassword}`, ...options)
        const { certificatePem } = ec
        expect(await certificateFromEncryptedPem({ certificatePem, keyPem, password: umlautPassword })).toEqual(ec)
        await expect(certificateFromEncryptedPem({ certificatePem, keyPem, password: 'wrong' })).rejects.toMatchObject(
          refusal(/does not open/),
        )
      },
    )

    test('keys that it encrypts in the old form are opened', async () => {
      await using files = await folder()
      const path = await files.put('key.pem', ec.keyPem)
      const keyPem = await openssl('ec', '-in', path, '-aes128', '-passout', 'pass:secret')
      expect(keyPem).toContain('Proc-Type: 4,ENCRYPTED')
      expect(await certificateFromEncryptedPem({ certificatePem: ec.certificatePem, keyPem, password: 'secret' })).toEqual(ec)
    })
  })
})

/** A PFX whose last number, the iterations of its MAC, is another one: 2,048 takes two bytes, the new one four. */
function withMacIterations(pfx: Buffer, iterations: number): Buffer {
  expect(pfx.subarray(-4).toString('hex')).toBe('02020800')
  const number = Buffer.alloc(6)
  number.writeUInt16BE(0x0204)
  number.writeUInt32BE(iterations, 2)
  const made = Buffer.concat([pfx.subarray(0, -4), number])
  // The outer SEQUENCE has a length of two bytes, that of the MAC one of one.
  made.writeUInt16BE(pfx.readUInt16BE(2) + 2, 2)
  const mac = made.length - 6 - 8 - 2 - 51 - 2
  expect(made.subarray(mac, mac + 2).toString('hex')).toBe('3041')
  made.writeUInt8(0x43, mac + 1)
  return made
}

/** Runs the `openssl` of this machine; its standard output. */
async function openssl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('openssl', args)
  return stdout
}

describe('a certificate file', () => {
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
