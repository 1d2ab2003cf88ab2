import { type Collection, prepare, type SavedCall, valuesOf } from '@halibut-gateway/schemas/collection'
import { signatureOf } from '@halibut-gateway/schemas/contract'
import { effect } from '@preact/signals'
import { contracts, form, manyForm, router } from '../../page.ts'
import { savedRuns } from '../../saved.ts'

/** Puts a saved call into the form, with its variables as far as they have values; one of a tag into the page of many. Nothing is called. */
export async function openInForm(id: string, collection: Collection, call: SavedCall): Promise<void> {
  const values = valuesOf(collection.variables, savedRuns.said(id))
  const { ready, targets } = prepare(call, values, tag => [tag])
  const [target = ''] = targets
  const { service, method, args } = ready
  if (call.tag !== undefined) {
    manyForm.edit(args)
    router.go({ page: 'many', tags: [target], search: '', picked: [], service, method })
    return
  }
  const json = await contractOf(service, target)
  // A name alone is one of its signatures, where there is one.
  const [only, ...others] = json === 'missing' ? [] : json.find(method)
  form.choose({ agent: target, service, signature: only && others.length === 0 ? signatureOf(only) : method }, args)
}

/** The contract of a service, once it is known. */
function contractOf(service: string, agent: string): Promise<Exclude<ReturnType<typeof contracts.of>, undefined>> {
  return new Promise(resolve => {
    let isDone = false
    const stop = effect(() => {
      const found = contracts.of(service, agent)
      if (found === undefined || isDone) return
      isDone = true
      queueMicrotask(() => stop())
      resolve(found)
    })
  })
}
