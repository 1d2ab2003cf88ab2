import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { useAction } from '../../elements/use-action.ts'
import { rotation } from './rotation-stores.ts'

/** Makes a new certificate, or takes one over that is there. */
export function BeginForm() {
  const action = useAction()
  const name = useSignal('Halibut Gateway')
  const pem = useSignal('')
  const password = useSignal('')
  const create = (): void => {
    const commonName = name.value.trim()
    void action.run(() => rotation.act('create', commonName === '' ? {} : { commonName }))
  }
  const take = async (): Promise<void> => {
    const params = { pem: pem.value, ...(password.value === '' ? {} : { password: password.value }) }
    // What is secret does not stay in the page.
    if (await action.run(() => rotation.act('import', params))) {
      pem.value = ''
      password.value = ''
    }
  }
  const read = async (file: File | undefined): Promise<void> => {
    if (file) pem.value = await file.text()
  }
  return (
    <>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <form
        class="row wrap begin"
        aria-label="Make a new certificate"
        onSubmit={event => {
          event.preventDefault()
          create()
        }}
      >
        <TextField label="Whom it names" id="common-name" text={name} maxLength={64} />
        <button type="submit" class="primary" disabled={action.isBusy.value}>
          Make a new certificate
        </button>
      </form>
      <details>
        <summary>Use one that is there already</summary>
        <form
          class="take-over"
          aria-label="Take a certificate over"
          onSubmit={event => {
            event.preventDefault()
            void take()
          }}
        >
          <div class="field">
            <label for="pem">Certificate and private key, as PEM</label>
            <textarea
              id="pem"
              rows={5}
              spellcheck={false}
              autocomplete="off"
              placeholder="-----BEGIN CERTIFICATE-----"
              value={pem.value}
              onInput={event => {
                pem.value = event.currentTarget.value
              }}
            />
          </div>
          <div class="row wrap">
            <label class="button small">
              Open a file
              <input type="file" class="off-screen" accept=".pem,.crt,.key" onChange={event => void read(event.currentTarget.files?.[0])} />
            </label>
          </div>
          <div class="field">
            <label for="pem-password">Its password, where the key has one</label>
            <input
              id="pem-password"
              type="password"
              autocomplete="off"
              value={password.value}
              onInput={event => {
                password.value = event.currentTarget.value
              }}
            />
          </div>
          <p class="hint">
            Both go to the gateway over this page’s connection. A PFX file is taken over on its machine: halibut-gateway cert import.
          </p>
          <div class="row">
            <button type="submit" disabled={action.isBusy.value || pem.value.trim() === ''}>
              Present it beside the old one
            </button>
          </div>
        </form>
      </details>
    </>
  )
}
