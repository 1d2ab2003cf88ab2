import { useEffect } from 'preact/hooks'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { CommandWays } from '../../groups/command-ways.tsx'
import { Expiry } from '../../groups/expiry.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { agents, session } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { forgetWays } from '../../values/rotation-commands.ts'
import type { OwnCertificate, RotationStep } from '../../values/rotation-steps.ts'
import { BeginForm } from './begin-form.tsx'
import { Dependents } from './dependents.tsx'
import { Retire } from './retire.tsx'
import { rotation } from './rotation-stores.ts'
import { Step } from './step.tsx'

/** Who accepts what is asked for this often while somebody looks: nobody watches it. */
const askAgainMs = 2_000

/** The gateway’s certificate, from the old one to the new one. */
export function GatewayRotation() {
  const client = session.client.value
  useEffect(() => {
    void rotation.refresh()
    const timer = setInterval(() => {
      if (!document.hidden) void rotation.refresh()
    }, askAgainMs)
    return () => clearInterval(timer)
  }, [client])
  const facts = rotation.facts.value
  return (
    <>
      <p class="lead">
        Agents know the gateway by its certificate, and nothing in their protocol announces another one. So the new one is presented beside
        the old one for as long as it takes, and the old one goes when no agent needs it.
      </p>
      {rotation.problem.value !== undefined && <ProblemBox error={rotation.problem.value} />}
      {!facts && rotation.problem.value === undefined && <p class="hint">Asking the gateway.</p>}
      {facts && !session.may('trust.write') && <NotForYou right="trust.write" what="Doing one of these steps" />}
      {facts && (
        <ol class="rotation-steps">
          <Begin step={facts.step} />
          <Overlap step={facts.step} />
          <Promote step={facts.step} />
          <Finish step={facts.step} retired={facts.own.certificates.filter(({ state }) => state === 'retired')} />
        </ol>
      )}
    </>
  )
}

function Begin({ step }: { step: RotationStep }) {
  const fresh = step.at === 'one' ? undefined : step.fresh
  return (
    <Step
      name="begin"
      state={fresh ? 'done' : 'now'}
      title="1. Have a new certificate"
      happens={
        <>
          The gateway presents it beside the old one: to agents that listen it shows the new one first, and the old one where they refuse
          that; agents that poll find it at a second port. No connection is cut, and nothing is taken from anybody.
        </>
      }
    >
      {step.at === 'one' && step.present && <Facts name="known by" certificate={step.present} />}
      {fresh && <Facts name="new one" certificate={fresh} />}
      {!fresh && session.may('trust.write') && <BeginForm />}
    </Step>
  )
}

function Facts({ name, certificate }: { name: string; certificate: OwnCertificate }) {
  return (
    <dl class="grid-list">
      <dt>{name}</dt>
      <dd>
        <Thumbprint value={certificate.thumbprint} />
      </dd>
      {certificate.ports.length > 0 && (
        <>
          <dt>polling agents find it at</dt>
          <dd>port {certificate.ports.join(' and ')}</dd>
        </>
      )}
      <dt>valid until</dt>
      <dd>
        <Expiry at={Date.parse(certificate.notAfter)} />
      </dd>
    </dl>
  )
}

function Overlap({ step }: { step: RotationStep }) {
  const all = agents.all().size
  const left = step.at === 'one' ? 0 : (step.old.dependents ?? 0)
  const moved = Math.max(0, all - left)
  return (
    <Step
      name="overlap"
      state={step.at === 'one' ? 'later' : left === 0 ? 'done' : 'now'}
      title="2. Let every agent accept it"
      happens={
        <>
          The operator of each agent lets it trust the new certificate beside the old one. This list follows by itself: an agent leaves it
          as soon as the gateway has seen that it accepts the new one.
        </>
      }
    >
      {step.at !== 'one' && (
        <>
          <div class="row wrap" role="status">
            <progress aria-label="Agents that accept the new one" max={Math.max(1, all)} value={moved} />
            <b>
              {moved.toLocaleString('en')} of {counted(all, 'agent')} {moved === 1 ? 'accepts' : 'accept'} the new one
            </b>
          </div>
          {left > 0 && <Dependents step={step} count={left} />}
        </>
      )}
    </Step>
  )
}

function Promote({ step }: { step: RotationStep }) {
  const action = useAction()
  const left = step.at === 'both' ? (step.old.dependents ?? 0) : 0
  const promote = (thumbprint: string): void => void action.run(() => rotation.act('promote', { thumbprint }))
  return (
    <Step
      name="promote"
      state={step.at === 'promoted' ? 'done' : step.at === 'both' ? 'now' : 'later'}
      title="3. Be known by it"
      happens={
        <>
          Whoever sets up an agent from then on is told the new thumbprint and its port, and the heads of the audit log are signed with the
          new key. The old certificate is presented still: no agent is lost. It can be taken back until the last step.
        </>
      }
    >
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      {step.at === 'both' && session.may('trust.write') && (
        <div class="row wrap">
          <button type="button" class="primary" disabled={action.isBusy.value} onClick={() => promote(step.fresh.thumbprint)}>
            Be known by the new one
          </button>
          {left > 0 && <span class="quiet">{counted(left, 'agent')} still on the old one: they go on as they are.</span>}
        </div>
      )}
      {step.at === 'both' && session.may('trust.write') && (
        <Retire
          certificate={step.fresh}
          ask="Abandon the new one…"
          act="Abandon the new one"
          happens="The new certificate is presented no more, and the gateway is known by the old one as before. An agent that trusts the new one alone is lost."
        />
      )}
      {step.at === 'promoted' && session.may('trust.write') && (
        <div class="row wrap">
          <button type="button" class="small" disabled={action.isBusy.value} onClick={() => promote(step.old.thumbprint)}>
            Go back: be known by the old one
          </button>
        </div>
      )}
    </Step>
  )
}

function Finish({ step, retired }: { step: RotationStep; retired: readonly OwnCertificate[] }) {
  const last = retired.toSorted((one, other) => ((one.retired ?? '') < (other.retired ?? '') ? 1 : -1))[0]
  return (
    <Step
      name="retire"
      state={step.at === 'promoted' ? 'now' : 'later'}
      title="4. Retire the old one"
      happens={
        <>
          The old certificate is presented no more, and its key is deleted. It is refused as long as an agent depends on it. After that
          nobody who may have its key can pass for the gateway, once the agents have forgotten its thumbprint.
        </>
      }
    >
      {step.at === 'promoted' && (
        <>
          <p>
            The old one is <Thumbprint value={step.old.thumbprint} what="the old thumbprint" />
          </p>
          {session.may('trust.write') && (
            <Retire
              certificate={step.old}
              ask="Retire the old one…"
              act="Retire the old one"
              happens="From now on it is presented to no agent, and its key is deleted. This cannot be taken back."
            />
          )}
        </>
      )}
      {step.at === 'one' && last && (
        <details>
          <summary>The last one that was retired: let the agents forget it</summary>
          <p>
            <Thumbprint value={last.thumbprint} what="the retired thumbprint" />
          </p>
          <CommandWays ways={forgetWays({ mode: 'listening' }, { old: last.thumbprint })} label="What forgets it" />
        </details>
      )}
    </Step>
  )
}
