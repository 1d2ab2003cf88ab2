import { X509Certificate } from 'node:crypto'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { loadCertificateChain } from '../runtime/certificates.ts'

/** A certificate with its chain, and its key, as PEM. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

/** Where they stand. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** How often the files are looked at. */
export const checkMs = 5_000

async function readCertificateFiles({ certificate, key }: CertificateFiles): Promise<ServerCertificate> {
  const { chainPem, keyPem } = await loadCertificateChain(certificate, key)
  return { cert: chainPem, key: keyPem }
}

/** A certificate that may be replaced while it is used. */
export interface CertificateSource {
  readonly current: ServerCertificate
  /** Calls `onChange` with each new one. Gives the function that ends this. */
  watch(onChange: (certificate: ServerCertificate) => void): () => void
}

/**
 * The certificate of two files, however they are replaced. What cannot be used is told in the log once, and the old one stays: of two files one is
 * replaced first. Throws `certificate_invalid`, with the file and the reason. `everyMs`: how often the files are looked at.
 */
export async function openCertificateFiles(files: CertificateFiles, log: LogSink, everyMs: number = checkMs): Promise<CertificateSource> {
  let current = await readCertificateFiles(files)
  return {
    get current() {
      return current
    },
    watch(onChange) {
      let told: string | undefined
      let timer: NodeJS.Timeout | undefined
      let ended = false
      const look = async (): Promise<void> => {
        try {
          const found = await readCertificateFiles(files)
          told = undefined
          if (ended || (found.cert === current.cert && found.key === current.key)) return
          onChange(found)
          current = found
          log('info', 'the certificate of the page was replaced', {
            file: files.certificate,
            ends: new X509Certificate(found.cert).validTo,
          })
        } catch (why) {
          const message = messageOf(why)
          if (message !== told) log('warn', 'the new certificate of the page cannot be used; the old one stays', { why: message })
          told = message
        }
      }
      const next = (): void => {
        timer = setTimeout(() => void look().finally(() => ended || next()), everyMs).unref()
      }
      next()
      return () => {
        ended = true
        clearTimeout(timer)
      }
    },
  }
}
