import { type Collection, prepare, type SavedCall, valuesOf } from '@halibut-gateway/schemas/collection'
import { form, manyForm, router } from '../../page.ts'
import { savedRuns } from '../../saved.ts'

/** Puts a saved call into the form, with its variables as far as they have values; one of a tag into the page of many. Nothing is called. */
export function openInForm(id: string, collection: Collection, call: SavedCall): void {
  const values = valuesOf(collection.variables, savedRuns.said(id))
  const { ready, targets } = prepare(call, values, tag => [tag])
  const [target = ''] = targets
  const { service, method, args } = ready
  if (call.tag === undefined) {
    form.fill({ agent: target, ...ready })
    return
  }
  manyForm.edit(args)
  router.go({ page: 'many', tags: [target], search: '', picked: [], service, method })
}
