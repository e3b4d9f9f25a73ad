import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

/**
 * Declarations of modules of the SDK and of all that they name. They need no zod: types that are inferred from schemas are
 * written out.
 *
 * @param entries paths of modules in `agents/sdk`, without `.ts`
 * @returns text by path
 */
export function declarations(root: string, entries: readonly string[]): ReadonlyMap<string, string> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, emitDeclarationOnly: true, stripInternal: true },
    root,
  );
  const program = ts.createProgram(
    entries.map((name) => join(root, 'agents/sdk', `${name}.ts`)),
    options,
  );
  const found = new Map<string, string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    const source = program.getSourceFile(join(root, path));
    if (source === undefined) throw new Error(`Expected ${path} to be a source file`);
    const emitted = emit(program, source);
    const text = /from 'zod'|from "zod"/.test(emitted) ? writtenOut(program.getTypeChecker(), source) : emitted;
    found.set(path, text);
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      // Another package has its own.
      if (!fileName.startsWith('.')) continue;
      visit(relative(root, resolve(root, path, '..', fileName)).replace(/\.js$/, '.ts'));
    }
  };
  for (const name of entries) visit(`agents/sdk/${name}.ts`);
  return new Map([...found].map(([path, text]) => [path.replace(/\.ts$/, '.d.ts'), text]));
}

function emit(program: ts.Program, source: ts.SourceFile): string {
  let text = '';
  const { diagnostics } = program.emit(
    source,
    (_, written) => {
      text = written;
    },
    undefined,
    true,
  );
  const [fault] = diagnostics;
  if (fault !== undefined) throw new Error(ts.flattenDiagnosticMessageText(fault.messageText, '\n'));
  return text;
}

/** Every exported type of a module, without the names that it was made from. */
function writtenOut(checker: ts.TypeChecker, source: ts.SourceFile): string {
  const lines = source.statements.filter(isExportedType).map((statement) => {
    return `${comment(checker, checker.getSymbolAtLocation(statement.name), '')}export type ${statement.name.text} = ${shape(checker, checker.getTypeAtLocation(statement), '')};\n`;
  });
  return lines.join('');
}

function isExportedType(statement: ts.Statement): statement is ts.TypeAliasDeclaration | ts.InterfaceDeclaration {
  return (
    (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) &&
    statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
  );
}

function shape(checker: ts.TypeChecker, type: ts.Type, indent: string): string {
  if (type.isUnion() && type.types.some(isObject)) {
    return type.types.map((one) => shape(checker, one, indent)).join(' | ');
  }
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    return `(${shape(checker, element as ts.Type, indent)})[]`;
  }
  const members = checker.getPropertiesOfType(type);
  if (!isObject(type) || members.length === 0) {
    return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias);
  }
  const inner = `${indent}    `;
  const lines = members.map((member) => {
    const mark = member.flags & ts.SymbolFlags.Optional ? '?' : '';
    const text = shape(checker, checker.getTypeOfSymbol(member), inner);
    const name = /^[\w$]+$/.test(member.name) ? member.name : JSON.stringify(member.name);
    return `${comment(checker, member, inner)}${inner}${name}${mark}: ${text};\n`;
  });
  const isOpen = checker.getIndexInfosOfType(type).length > 0;
  return `{\n${lines.join('')}${isOpen ? `${inner}[key: string]: unknown;\n` : ''}${indent}}`;
}

const isObject = (type: ts.Type) => (type.flags & ts.TypeFlags.Object) !== 0;

function comment(checker: ts.TypeChecker, symbol: ts.Symbol | undefined, indent: string): string {
  const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker));
  return text === '' ? '' : `${indent}/** ${text.replaceAll('\n', `\n${indent} * `)} */\n`;
}
