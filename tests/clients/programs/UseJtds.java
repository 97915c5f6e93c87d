import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import java.util.Scanner;

/** Runs one statement with jTDS, as a program of its own; reads address, user, password, SQL and entry, a line each. */
public class UseJtds {
    public static void main(String[] arguments) throws ClassNotFoundException {
        Class.forName("net.sourceforge.jtds.jdbc.Driver"); // one file that is run as source finds no drivers by itself
        Scanner order = new Scanner(System.in, "UTF-8");
        String address = order.nextLine();
        Properties login = new Properties();
        login.setProperty("user", order.nextLine());
        login.setProperty("password", order.nextLine());
        String sql = order.nextLine();
        int entry = Integer.parseInt(order.nextLine());
        try (Connection connection = DriverManager.getConnection(address, login);
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setInt(1, entry);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    System.out.println(rows.getInt(1) + " " + rows.getString(2));
                }
            }
        } catch (SQLException problem) {
            System.out.println("error " + problem.getErrorCode() + " " + problem.getMessage());
        }
    }
}
