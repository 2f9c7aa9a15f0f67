import { defineTexts } from '../language/language'

export const useLoginTexts = defineTexts('login', {
  en: {
    product: 'Chappe',
    language: 'Language',
    title: 'Log in',
    again: 'Your session has ended. Log in again; what you typed is still there.',
    login: 'Address',
    password: 'Password',
    go: 'Log in',
    wrong: 'Address and password do not go together.',
    by: 'Log in with {{name}}',
    'returned.refused': 'The identity provider’s word does not open an account here. Your administrator knows more.',
    'returned.denied': 'This account may not log in that way, or the login was broken off.',
    'returned.expired': 'That login took too long, or was begun in another window. Please try again.',
    'returned.later': 'The identity provider cannot be reached at the moment. Please try again later.',
  },
  fr: {
    product: 'Chappe',
    language: 'Langue',
    title: 'Connexion',
    again: 'Votre session est terminée. Reconnectez-vous ; votre saisie est conservée.',
    login: 'Adresse',
    password: 'Mot de passe',
    go: 'Se connecter',
    wrong: 'L’adresse et le mot de passe ne vont pas ensemble.',
    by: 'Se connecter avec {{name}}',
    'returned.refused': 'La parole du fournisseur d’identité n’ouvre aucun compte ici. Votre administrateur en sait plus.',
    'returned.denied': 'Ce compte ne peut pas se connecter ainsi, ou la connexion a été interrompue.',
    'returned.expired': 'Cette connexion a duré trop longtemps ou a commencé dans une autre fenêtre. Réessayez.',
    'returned.later': 'Le fournisseur d’identité est injoignable pour le moment. Réessayez plus tard.',
  },
})
