// Copies the standard library out of the interpreter that has it inside: `node library.mjs INTERPRETER FOLDER`.

import { start } from "./interpreter.mjs";

const [file, folder] = process.argv.slice(2);
start(file, { "/out": folder }).run(`
  def copy(from, to)
    Dir.children(from).each do |name|
      source, target = "#{from}/#{name}", "#{to}/#{name}"
      if File.directory?(source)
        Dir.mkdir(target)
        copy(source, target)
      else
        File.binwrite(target, File.binread(source))
      end
    end
  end
  copy("/usr/local/lib/ruby/4.0.0", "/out")
`);
