import { Foreign, Page } from '@chappe/kit'
import { useNavigate } from '@tanstack/react-router'
import { useSession } from '../../app/session'
import classes from '../recipients/mailbox.module.css'
import { Sessions } from '../recipients/sessions'
import { Factors } from './factors'
import { accountRoute } from './routes'
import { useTexts } from './texts'
import { Tokens } from './tokens'

/** What everybody does for himself. */
export function Account() {
  const say = useTexts()
  const { login, name } = useSession()
  const { dialog } = accountRoute.useSearch()
  const navigate = useNavigate({ from: '/account' })
  const open = (next: string | undefined) => void navigate({ search: { dialog: next }, replace: next === undefined })
  return (
    <Page
      title={say('title')}
      lead={
        <>
          <Foreign>{name}</Foreign> · <Foreign>{login}</Foreign>
        </>
      }
    >
      <div className={classes.two}>
        <Factors address={login} own dialog={dialog} onDialog={open} />
        <Sessions address={login} kind="session" title={say('sessions')} />
        <Tokens address={login} isAdding={dialog === 'token'} onAdding={(yes) => open(yes ? 'token' : undefined)} />
      </div>
    </Page>
  )
}
