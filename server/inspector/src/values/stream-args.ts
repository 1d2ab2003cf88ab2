import type { MethodNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { parseBytesAs } from './bytes-forms.ts'
import { streamContentOf } from './call-draft.ts'
import { mapTyped } from './typed-json.ts'

/**
 * Arguments as a form has them: the content of a data stream is a file that somebody chose, or what stands for it in a draft. These make of them
 * what is checked, what is sent, and what is written as JSON.
 */
type Args = readonly unknown[]

function mapStreams(json: ContractJson, method: MethodNode, args: Args, replace: (value: unknown) => unknown): unknown[] {
  return args.map((arg, i) => {
    const node = method.params[i]?.type
    return mapTyped(node === undefined ? undefined : { json, node }, arg, (value, type) =>
      type?.node === 'dataStream' || value instanceof File ? replace(value) : undefined,
    )
  })
}

/** As they are checked: where content is known there stands the handle of a data stream. */
export function checkable(json: ContractJson, method: MethodNode, args: Args): unknown[] {
  return mapStreams(json, method, args, value => {
    if (value instanceof File) return { $stream: 1, length: value.size }
    const content = streamContentOf(value)
    if (!content || '$file' in content) return undefined
    const bytes = '$base64' in content ? parseBytesAs('base64', content.$base64) : undefined
    return '$base64' in content && !bytes ? undefined : { $stream: 1, length: bytes?.length ?? 0 }
  })
}

/** As they are sent: files and bytes, which the client makes data streams of. */
export function sendable(json: ContractJson, method: MethodNode, args: Args): unknown[] {
  return mapStreams(json, method, args, value => {
    if (value instanceof File) return value
    const content = streamContentOf(value)
    if (!content || '$file' in content) return undefined
    if ('$text' in content) return new Blob([content.$text])
    const bytes = parseBytesAs('base64', content.$base64)
    return bytes && new Blob([new Uint8Array(bytes)])
  })
}

/** As JSON: a file is its name. */
export function withNames(args: Args): unknown[] {
  return args.map(arg => mapTyped(undefined, arg, value => (value instanceof File ? { $file: value.name } : undefined)))
}

/** The same in reverse: a name is the file of this name among those that were chosen before. */
export function withFiles(json: ContractJson, method: MethodNode, args: Args, before: Args): unknown[] {
  const files = new Map<string, File>()
  for (const arg of before) {
    mapTyped(undefined, arg, value => {
      if (value instanceof File) files.set(value.name, value)
      return undefined
    })
  }
  return mapStreams(json, method, args, value => {
    const content = streamContentOf(value)
    return content && '$file' in content ? files.get(content.$file) : undefined
  })
}
