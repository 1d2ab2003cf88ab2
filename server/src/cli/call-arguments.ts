import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { UploadSource } from '@halibut-gateway/client'
import { parseExactJson } from '@halibut-gateway/schemas/collection'
import { messageOf } from '../base/message-of.ts'
import { CliError } from './failure.ts'

/** Hears of the bytes that were read of a file, of how many. */
export type OnRead = (path: string, done: number, total: number) => void

/**
 * An argument of a call as a person writes it: JSON, else a text; `@path` is the content of a file, as a data stream, and `@@` begins a text
 * with `@`. Whole numbers are kept to the digit.
 */
export async function callArgument(text: string, onRead?: OnRead): Promise<unknown> {
  if (text.startsWith('@@')) return text.slice(1)
  if (text.startsWith('@')) return upload(text.slice(1), onRead)
  try {
    return parseExactJson(text)
  } catch {
    return text
  }
}

async function upload(path: string, onRead: OnRead | undefined): Promise<UploadSource> {
  try {
    const found = await stat(path)
    if (!found.isFile()) throw new Error('it is no file')
    const stream = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>
    return { stream: onRead ? stream.pipeThrough(counting(path, found.size, onRead)) : stream, length: found.size }
  } catch (cause) {
    throw new CliError('usage', `@${path}: ${messageOf(cause)}`, 'correct the path; a text that begins with @ is written @@…')
  }
}

function counting(path: string, total: number, onRead: OnRead): TransformStream<Uint8Array, Uint8Array> {
  let done = 0
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.byteLength
      onRead(path, done, total)
      controller.enqueue(chunk)
    },
  })
}
