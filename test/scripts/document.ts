/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a document. Throws when it has no such place. */
export function replaceBetween(document: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const start = document.indexOf(open)
  const end = document.indexOf(close, start)
  if (start < 0 || end < 0) throw new Error(`the document has no place ${open} … ${close}`)
  return `${document.slice(0, start + open.length)}\n${text}\n${document.slice(end)}`
}
