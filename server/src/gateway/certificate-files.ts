import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'

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

/** Reads both. Throws `certificate_invalid` with the file and the reason where they are none, or do not belong together. */
async function readCertificateFiles(files: CertificateFiles): Promise<ServerCertificate> {
  const cert = await read(files.certificate)
  const key = await read(files.key)
  const leaf = parsed(files.certificate, () => new X509Certificate(cert))
  const privateKey = parsed(files.key, () => createPrivateKey(key))
  if (leaf.checkPrivateKey(privateKey)) return { cert, key }
  throw invalid(`the key in ${files.key} is not that of the certificate in ${files.certificate}`)
}

/** A certificate that may be replaced while it is used. */
export interface CertificateSource {
  readonly current: ServerCertificate
  /** Calls `onChange` with each new one. Gives the function that ends this. */
  watch(onChange: (certificate: ServerCertificate) => void): () => void
}

/**
 * The certificate of two files, however they are replaced. What cannot be used is told in the log once, and the old one stays: of two files one is
 * replaced first. Throws as {@link readCertificateFiles}. `everyMs`: how often the files are looked at.
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
          const message = why instanceof Error ? why.message : String(why)
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

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw invalid(`${path} cannot be read: ${(cause as Error).message}`, cause)
  }
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw invalid(`${path} is not usable as PEM: ${(cause as Error).message}`, cause)
  }
}

function invalid(message: string, cause?: unknown): HalibutError {
  return new HalibutError('certificate_invalid', message, { cause })
}
