import { Login } from '@chappe/kit'
import { door, type Session } from './session'
import { useAppTexts } from './texts'

/** The login, loaded when nobody is logged in. */
export default function LoginPage({ last, onEntered }: { last: Session | null; onEntered: (entered: Session) => void }) {
  const say = useAppTexts()
  return <Login door={door} onEntered={onEntered} lead={say('loginLead')} help={say('loginHelp')} {...(last && { again: true, login: last.login })} />
}
